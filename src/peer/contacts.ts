// Whom a swarm calls: candidates come in from the DHT, from neighbours and from
// connections that are open anyway; drawn at random, they are dialled and asked for
// an exchange stream until there are enough neighbours, and later again when some
// left or did not answer. Bounded in what it remembers and in how many it calls at
// once. Candidates are untrusted: a dial proves who answers. Those that were only
// heard of are tried within a budget and forgotten when they do not answer, so that a
// neighbour that names ports of others does not make a port scanner of this peer.
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { EXCHANGE_PROTOCOL } from '../exchange/message.ts';
import { attempt } from '../runtime/linked-abort.ts';
import type { Rng } from '../runtime/rng.ts';
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
/** Candidates remembered, and of those the ones that one neighbour named. Chosen. */
const MOST_KNOWN = 512;
const MOST_OF_ONE_TELLER = 64;
/** Addresses of one candidate; a host has a few interfaces. Chosen. */
const MOST_ADDRESSES = 4;
/** Candidates heard of that may fail in a row at once, and how soon one more may. Chosen. */
const MOST_TRIES = 32;
const TRY_EVERY_MS = 2000;
/** Calls that fail until a candidate that was only heard of is forgotten. */
const FAILURES_OF_HEARD = 2;
const CALL_TIMEOUT_MS = 5000;
/** How often there is a look at who could be called. */
const LOOK_MS = 300;
/** Until another try at one that failed; doubled up to the second figure. Chosen. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/**
 * Two peers that hear of each other at once would both call. The greater PeerId
 * leaves it to the smaller one for so long.
 */
const YIELD_MS = 2000;
/** Unless this many looks in a row showed that others would send us more. */
const HUNGRY_LOOKS = 2;
/**
 * A complete peer needs nobody, and still calls two of those it is connected to, if they
 * do not call it: so that a newcomer hears of the others from whichever it asks first.
 */
const ENOUGH_FOR_SEED = 2;
const SEED_WAIT_MS = 1000;

interface Candidate {
  readonly peer: string;
  dial: Multiaddr[] | PeerId;
  /** The neighbour that named it; undefined once there was a better reason to believe in it. */
  teller: string | undefined;
  failures: number;
  /** Not to be called before this. */
  notBefore: number;
  calling: boolean;
}

export class Contacts {
  readonly #node: Node;
  readonly #self: string;
  readonly #swarm: Swarm;
  readonly #rng: Rng;
  readonly #isBanned: (peer: string) => boolean;
  readonly #candidates = new Map<string, Candidate>();
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  /** Tries left for candidates that were only heard of, and since when they grow back. */
  #tries = MOST_TRIES;
  #triesAt = performance.now();
  #calling = 0;
  #more = 0;
  /** Looks in a row at which every neighbour had something for us. */
  #hungryLooks = 0;
  #looking = false;

  constructor(init: { node: Node; swarm: Swarm; rng: Rng; isBanned: (peer: string) => boolean }) {
    this.#node = init.node;
    this.#self = init.node.peerId.toString();
    this.#swarm = init.swarm;
    this.#rng = init.rng;
    this.#isBanned = init.isBanned;
    this.#timer = setInterval(() => {
      this.#wantMore();
      this.#look();
    }, LOOK_MS);
  }

  /**
   * Addresses that a neighbour named. Those without a PeerId, or that reach less far
   * than the neighbour itself, are ignored: what it calls 127.0.0.1 is not this host.
   */
  hear(addresses: readonly string[], teller: string): void {
    for (const { peerId, multiaddr } of this.#credible(addresses, teller)) {
      if (peerId !== undefined) this.#consider(peerId, [multiaddr], teller);
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
    this.#consider(peer, dial, undefined);
  }

  #consider(peer: string, dial: Multiaddr[] | PeerId, teller: string | undefined): void {
    if (peer === this.#self || this.#isBanned(peer)) return;
    const known = this.#candidates.get(peer);
    if (known) return learn(known, dial, teller);
    if (this.#candidates.size >= MOST_KNOWN) return;
    if (teller !== undefined && this.#namedBy(teller) >= MOST_OF_ONE_TELLER) return;
    const notBefore = performance.now() + this.#waitFor(peer, teller);
    this.#candidates.set(peer, { peer, dial, teller, failures: 0, notBefore, calling: false });
    this.#lookSoon();
  }

  /** How long it has to call us before we call it. */
  #waitFor(peer: string, teller: string | undefined): number {
    const { session } = this.#swarm;
    if (session.isComplete) return SEED_WAIT_MS;
    // With nobody to fetch from, calling at once beats calling once.
    const yields = teller !== undefined && this.#self > peer && session.neighbourCount > 0;
    return yields ? YIELD_MS : 0;
  }

  #namedBy(teller: string): number {
    let count = 0;
    for (const candidate of this.#candidates.values()) if (candidate.teller === teller) count++;
    return count;
  }

  /** Whether somebody is left to be called who did not fail the last time. */
  get hasMore(): boolean {
    for (const { peer, failures } of this.#candidates.values()) {
      if (failures === 0 && !this.#swarm.has(peer)) return true;
    }
    return false;
  }

  /** A neighbour left: it may come back, and somebody else may take its place. */
  lost(peer: string): void {
    const candidate = this.#candidates.get(peer);
    if (candidate) this.#defer(candidate);
    this.#lookSoon();
  }

  close(): void {
    this.#abort.abort();
    clearInterval(this.#timer);
  }

  /** Once all that is heard in this turn is known, so that the draw is among all. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#look();
    });
  }

  /** Calls while neighbours are few. */
  #look(): void {
    const { session } = this.#swarm;
    if (this.#abort.signal.aborted) return;
    while (this.#calling < CALLS_AT_ONCE && session.neighbourCount + this.#calling < this.#enough) {
      const candidate = this.#draw();
      if (!candidate) return;
      void this.#call(candidate);
    }
  }

  get #enough(): number {
    if (this.#swarm.session.isComplete) return ENOUGH_FOR_SEED;
    const more = (performance.now() - this.#startedAt) / ONE_MORE_MS;
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
    const now = performance.now();
    const mayTry = this.#mayTry(now);
    const { isComplete } = this.#swarm.session;
    const isUrgent = this.#hungryLooks >= HUNGRY_LOOKS;
    let drawn: Candidate | undefined;
    let eligible = 0;
    for (const candidate of this.#candidates.values()) {
      const { peer, calling, notBefore, teller, failures } = candidate;
      if (teller !== undefined && !mayTry) continue;
      // A seed asks once; who is hungry does not wait to be called.
      if (failures > 0 && isComplete) continue;
      if (now < notBefore && !(isUrgent && failures === 0)) continue;
      if (calling || this.#swarm.has(peer) || this.#isBanned(peer)) continue;
      if (this.#rng.below(++eligible) === 0) drawn = candidate;
    }
    return drawn;
  }

  #mayTry(now: number): boolean {
    const grown = Math.floor((now - this.#triesAt) / TRY_EVERY_MS);
    this.#triesAt += grown * TRY_EVERY_MS;
    this.#tries = Math.min(MOST_TRIES, this.#tries + grown);
    return this.#tries > 0;
  }

  #defer(candidate: Candidate): void {
    const { peer, teller, failures } = candidate;
    if (teller !== undefined && failures + 1 >= FAILURES_OF_HEARD) this.#candidates.delete(peer);
    const ms = Math.min(RETRY_MS * 2 ** candidate.failures++, LONGEST_RETRY_MS);
    candidate.notBefore = performance.now() + ms;
  }

  async #call(candidate: Candidate): Promise<void> {
    candidate.calling = true;
    this.#calling++;
    if (candidate.teller !== undefined) this.#tries--;
    try {
      await attempt([this.#abort.signal], CALL_TIMEOUT_MS, (signal) =>
        this.#open(candidate, signal),
      );
      if (candidate.teller !== undefined) this.#tries++;
      candidate.teller = undefined;
      candidate.failures = 0;
    } catch {
      // Gone, or it does not know the file: its own affair, asked again later.
      this.#defer(candidate);
    } finally {
      candidate.calling = false;
      this.#calling--;
    }
  }

  async #open({ peer, dial }: Candidate, signal: AbortSignal): Promise<void> {
    const connection = await this.#node.dial(dial, { signal });
    const stream = new FrameStream(await connection.newStream(EXCHANGE_PROTOCOL, { signal }), peer);
    const intake = this.#swarm.join({ stream, outbound: true });
    if (intake) stream.onData(intake);
  }
}

/** What is known of a candidate already is added to by hearsay, and replaced by better. */
function learn(known: Candidate, dial: Multiaddr[] | PeerId, teller: string | undefined): void {
  if (teller === undefined) {
    known.dial = dial;
    known.teller = undefined;
  } else if (Array.isArray(known.dial) && Array.isArray(dial)) {
    const addresses = known.dial;
    const fresh = dial.filter((address) => !addresses.some((other) => other.equals(address)));
    known.dial = [...addresses, ...fresh].slice(0, MOST_ADDRESSES);
  }
}
