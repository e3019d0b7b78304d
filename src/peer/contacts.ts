// Whom a swarm calls: candidates come in from the DHT, from neighbours and from
// connections that are open anyway; drawn at random, they are dialled and asked for
// an exchange stream until there are enough neighbours, and later again when some
// left or did not answer. Bounded in what it remembers and in how many it calls at
// once. Candidates are untrusted: a dial proves who answers. Those that were only
// heard of are tried within a budget and forgotten when they do not answer, so that a
// neighbour that names ports of others does not make a port scanner of this peer.
//
// Whoever has the whole file calls nobody while nobody fetches it, and has no timer: a
// peer may share ten thousand.
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { EXCHANGE_PROTOCOL } from '../exchange/message.ts';
import type { Cancel, Timers } from '../runtime/clock.ts';
import { unawaited } from '../runtime/guarded.ts';
import { attempt } from '../runtime/linked-abort.ts';
import type { Rng } from '../runtime/rng.ts';
import type { Callees } from './callees.ts';
import { type Candidate, Candidates, type Origin } from './candidates.ts';
import type { Inquiries } from './inquiries.ts';
import type { Node } from './node.ts';
import { type PeerAddress, tryParseAddress } from './peer-address.ts';
import { REACH, type Reach, reachOf } from './reach.ts';
import { FrameStream } from './stream.ts';
import type { Swarm } from './swarm.ts';

/**
 * Neighbours to call for; more may call us. Simulated (8 to 32 receivers, three
 * seeds each) five beside the origin come within 2 % of a full mesh, three lose 5 to
 * 11 %; each costs some 50 ms of CPU at either end.
 */
const ENOUGH = 6;
/**
 * How many of them at once, and how long until one more: a flash crowd that makes all
 * its connections first has no CPU left to pass on pieces.
 */
const ENOUGH_AT_FIRST = 3;
/** Calls at once: on a busy host they take seconds, while others call us. */
const CALLS_AT_ONCE = 3;
const ONE_MORE_MS = 300;
/**
 * Further ones while every neighbour has something for us, as when all are seeds: then
 * their uplinks are what we wait for. So many at each look, and in all. Chosen.
 */
const MORE_AT_ONCE = 4;
const MOST_MORE = 24;
const CALL_TIMEOUT_MS = 5000;
/** How often there is a look at who could be called. */
const LOOK_MS = 300;
/**
 * Two peers that hear of each other at once would both call. The greater PeerId
 * leaves it to the smaller one for so long.
 */
const YIELD_MS = 2000;
/** Unless this many looks in a row showed that others would send us more. */
const HUNGRY_LOOKS = 2;
/**
 * A complete peer needs nobody, and still calls two others while somebody fetches: so that
 * a newcomer hears of the others from whichever it asks first.
 */
const ENOUGH_FOR_SEED = 2;
/** Connected peers that a complete peer asks for a newcomer's sake. Chosen. */
const MOST_ASKED = 32;
const SEED_WAIT_MS = 1000;

export interface ContactsInit {
  readonly node: Node;
  readonly swarm: Swarm;
  /** Of the root CID. */
  readonly digest: Uint8Array;
  readonly clock: Timers;
  readonly rng: Rng;
  readonly callees: Callees;
  readonly inquiries: Inquiries;
  isBanned(peer: string): boolean;
}

export class Contacts {
  readonly #node: Node;
  readonly #self: string;
  readonly #swarm: Swarm;
  readonly #clock: Timers;
  readonly #rng: Rng;
  readonly #isBanned: (peer: string) => boolean;
  readonly #callees: Callees;
  readonly #inquiries: Inquiries;
  readonly #digest: Uint8Array;
  readonly #candidates: Candidates;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  #cancelLooks: Cancel | undefined;
  #calling = 0;
  #more = 0;
  /** Looks in a row at which every neighbour had something for us. */
  #hungryLooks = 0;
  #looking = false;
  #seeking = false;

  constructor(init: ContactsInit) {
    this.#node = init.node;
    this.#self = init.node.peerId.toString();
    this.#swarm = init.swarm;
    this.#clock = init.clock;
    this.#startedAt = init.clock.now();
    this.#rng = init.rng;
    this.#candidates = new Candidates(init.rng, this.#startedAt);
    this.#isBanned = init.isBanned;
    this.#callees = init.callees;
    this.#inquiries = init.inquiries;
    this.#digest = init.digest;
    this.#wake();
  }

  /** Whether this swarm has a reason to call anybody. */
  get #isActive(): boolean {
    const { isComplete, hasLeechers } = this.#swarm.session;
    return !this.#abort.signal.aborted && (!isComplete || hasLeechers);
  }

  #wake(): void {
    if (this.#cancelLooks !== undefined || !this.#isActive) return;
    this.#cancelLooks = this.#clock.every(LOOK_MS, 'looking for neighbours', () => {
      if (!this.#isActive) return this.#rest();
      this.#wantMore();
      this.#look();
    });
  }

  #rest(): void {
    this.#cancelLooks?.();
    this.#cancelLooks = undefined;
  }

  /** A neighbour said hello: for one that fetches others are looked for. */
  handleMet(peer: string): void {
    this.#candidates.handleMet(peer);
    this.#wake();
    const { session } = this.#swarm;
    if (session.isComplete && session.hasLeechers && session.neighbourCount < ENOUGH_FOR_SEED) {
      unawaited('looking for neighbours', this.seek());
    }
  }

  /** A complete peer asks those who are connected whether they exchange the file, and calls them. */
  async seek(): Promise<void> {
    if (this.#seeking) return;
    this.#seeking = true;
    const peers = this.#node.getPeers().filter((peer) => !this.#swarm.has(peer.toString()));
    const first = peers.length > MOST_ASKED ? this.#rng.below(peers.length) : 0;
    const asked = [...peers.slice(first), ...peers.slice(0, first)].slice(0, MOST_ASKED);
    await Promise.all(asked.map((peer) => this.#ask(peer)));
    this.#seeking = false;
  }

  async #ask(peer: PeerId): Promise<void> {
    const standing = await this.#inquiries.ask(peer, this.#digest);
    const fetches = standing === 'part';
    if (!fetches && !(standing === 'whole' && this.#isActive)) return;
    const { neighbourCount } = this.#swarm.session;
    if (neighbourCount + this.#calling >= ENOUGH_FOR_SEED) return;
    const candidate = this.#consider(peer.toString(), peer, {});
    if (candidate && !candidate.calling) unawaited('calling a peer', this.#call(candidate));
  }

  /**
   * Addresses that a neighbour named. Those without a PeerId, or that reach less far
   * than the neighbour itself, are ignored: what it calls 127.0.0.1 is not this host.
   */
  hear(addresses: readonly string[], teller: string): void {
    for (const { peerId, multiaddr } of this.#credible(addresses, teller)) {
      if (peerId !== undefined) this.#consider(peerId, [multiaddr], { teller });
    }
  }

  /** Of the addresses that a neighbour says are its own, those that may be passed on. */
  vouchFor(addresses: readonly string[], neighbour: string): string[] {
    return this.#credible(addresses, neighbour)
      .filter(({ peerId }) => peerId === neighbour)
      .map(({ multiaddr }) => multiaddr.toString());
  }

  #credible(addresses: readonly string[], teller: string): PeerAddress[] {
    const least = this.#reachOf(teller);
    return addresses.flatMap((text) => {
      const parsed = tryParseAddress(text);
      const reach = parsed && reachOf(parsed.multiaddr);
      return reach !== undefined && reach >= least ? [parsed!] : [];
    });
  }

  #reachOf(neighbour: string): Reach {
    const [connection] = this.#node
      .getConnections()
      .filter(({ remotePeer }) => remotePeer.toString() === neighbour);
    return (connection && reachOf(connection.remoteAddr)) ?? REACH.everywhere;
  }

  /** A candidate, to be dialled at these addresses or over a connection that is open. */
  add(peer: string, dial: Multiaddr[] | PeerId): void {
    this.#consider(peer, dial, {});
  }

  /** Whoever is connected may have what is being fetched. */
  guess(peer: PeerId): void {
    this.#consider(peer.toString(), peer, { isGuess: true });
  }

  #consider(peer: string, dial: Multiaddr[] | PeerId, origin: Origin): Candidate | undefined {
    if (peer === this.#self || this.#isBanned(peer)) return undefined;
    const notBefore = this.#clock.now() + this.#waitFor(peer, origin.teller);
    const candidate = this.#candidates.add(peer, dial, origin, notBefore);
    this.#lookSoon();
    return candidate;
  }

  /** How long it has to call us before we call it. */
  #waitFor(peer: string, teller: string | undefined): number {
    const { session } = this.#swarm;
    if (session.isComplete) return SEED_WAIT_MS;
    // With nobody to fetch from, calling at once beats calling once.
    const yields = teller !== undefined && this.#self > peer && session.neighbourCount > 0;
    return yields ? YIELD_MS : 0;
  }

  /** Whether somebody is left to be called who did not fail the last time. */
  get hasMore(): boolean {
    for (const { peer, failures } of this.#candidates) {
      if (failures === 0 && !this.#swarm.has(peer)) return true;
    }
    return false;
  }

  /** A neighbour left: it may come back, and somebody else may take its place. */
  lost(peer: string, refused: boolean): void {
    if (refused) this.#callees.noteRefused(peer, this.#clock.now());
    const candidate = this.#candidates.get(peer);
    if (candidate) this.#candidates.defer(candidate, this.#clock.now());
    this.#lookSoon();
  }

  close(): void {
    this.#abort.abort();
    this.#rest();
  }

  /** Once all that is heard in this turn is known, so that the draw is among all. */
  readonly #lookSoon = (): void => {
    if (this.#looking) return;
    this.#looking = true;
    this.#clock.soon('looking for neighbours', () => {
      this.#looking = false;
      this.#look();
    });
  };

  /** Calls while neighbours are few. */
  #look(): void {
    const { session } = this.#swarm;
    if (!this.#isActive) return;
    while (this.#calling < CALLS_AT_ONCE && session.neighbourCount + this.#calling < this.#enough) {
      const candidate = this.#draw();
      if (!candidate) return;
      unawaited('calling a peer', this.#call(candidate));
    }
  }

  get #enough(): number {
    if (this.#swarm.session.isComplete) return ENOUGH_FOR_SEED;
    const more = (this.#clock.now() - this.#startedAt) / ONE_MORE_MS;
    return Math.min(ENOUGH, ENOUGH_AT_FIRST + Math.floor(more)) + this.#more;
  }

  #wantMore(): void {
    const { session } = this.#swarm;
    this.#hungryLooks = session.isHungry ? this.#hungryLooks + 1 : 0;
    if (this.#hungryLooks > 0 && session.neighbourCount >= this.#enough) {
      this.#more = Math.min(this.#more + MORE_AT_ONCE, MOST_MORE);
    }
  }

  #draw(): Candidate | undefined {
    const now = this.#clock.now();
    const { isComplete } = this.#swarm.session;
    const isUrgent = this.#hungryLooks >= HUNGRY_LOOKS;
    return this.#candidates.draw(now, ({ peer, notBefore, failures }) => {
      // A seed asks once; who is hungry does not wait to be called.
      if (failures > 0 && isComplete) return false;
      if (now < notBefore && !(isUrgent && failures === 0)) return false;
      if (this.#swarm.has(peer) || this.#isBanned(peer)) return false;
      return this.#callees.mayCall(peer, now, this.#lookSoon);
    });
  }

  async #call(candidate: Candidate): Promise<void> {
    candidate.calling = true;
    this.#calling++;
    this.#candidates.handleCalled(candidate);
    try {
      if (!(await this.#mayExchange(candidate))) throw new Error('does not exchange the file');
      if (!this.#callees.mayCall(candidate.peer, this.#clock.now())) return;
      await attempt([this.#abort.signal], CALL_TIMEOUT_MS, (signal) =>
        this.#open(candidate, signal),
      );
      this.#candidates.handleAnswered(candidate);
    } catch {
      // Gone, or it does not know the file: its own affair, asked again later.
      this.#candidates.defer(candidate, this.#clock.now());
    } finally {
      candidate.calling = false;
      this.#calling--;
    }
  }

  /** A few calls are as cheap as a question; many files are asked for together. */
  async #mayExchange(candidate: Candidate): Promise<boolean> {
    const { peer, dial, isGuess } = candidate;
    if (!isGuess || Array.isArray(dial)) return true;
    if (!this.#callees.isCalledOften(peer, this.#clock.now())) return true;
    const standing = await this.#inquiries.ask(dial, this.#digest);
    if (standing === 'part' || standing === 'whole') candidate.isGuess = false;
    return standing !== 'none';
  }

  async #open({ peer, dial }: Candidate, signal: AbortSignal): Promise<void> {
    const answered = this.#callees.begin(peer, this.#clock.now());
    try {
      const connection = await this.#node.dial(dial, { signal });
      const opened = await connection.newStream(EXCHANGE_PROTOCOL, { signal });
      const stream = new FrameStream(opened, peer);
      const intake = this.#swarm.join({ stream, outbound: true });
      if (intake) stream.onData(intake);
    } finally {
      answered();
    }
  }
}
