// Decides which peers a swarm calls. Candidates come from the DHT, from neighbours and from
// connections that are open anyway. They are drawn at random, dialled and asked for an exchange
// stream until there are enough neighbours, and again later when neighbours left or did not answer.
// The number of remembered candidates and of calls at once is bounded. Candidates are untrusted: a
// dial proves who answers. Candidates that only neighbours named are tried within a budget, and
// forgotten if they do not answer: so a neighbour that names ports of others cannot make this peer
// scan them.
//
// A complete peer calls no one while no one fetches the file, and has no timer: a peer may share
// ten thousand files.
import type { Cancel, Timers } from '../runtime/clock.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { Rng } from '../runtime/rng.ts';
import type { Callees } from './callees.ts';
import { type Candidate, Candidates, type Mention } from './candidates.ts';
import type { Call } from './member.ts';
import type { Network } from './network.ts';
import type { SessionView } from './session-view.ts';

/**
 * Neighbours up to which a swarm calls; others may call it. Simulated (8 to 32 receivers, three
 * seeds each): five beside the origin come within 2 % of a full mesh, three lose 5 to 11 %. Each
 * costs some 50 ms of CPU at either end.
 */
const ENOUGH = 6;
/**
 * Neighbours called for at first, and the time until one more: a flash crowd that makes all its
 * connections first has no CPU left to pass on pieces.
 */
const ENOUGH_AT_FIRST = 3;
/** Most calls at once: on a busy host they take seconds, while others call us. */
const CALLS_AT_ONCE = 3;
const ONE_MORE_MS = 300;
/**
 * Further neighbours while every neighbour has something for us (all may be seeds): then their
 * uplinks are the limit. So many at each look, and in all. Chosen.
 */
const MORE_AT_ONCE = 4;
const MOST_MORE = 24;
/** Time between two looks for a candidate to call. */
const LOOK_MS = 300;
/**
 * Time for which the peer with the greater PeerId lets the other call first: otherwise two peers
 * that hear of each other would both call.
 */
const YIELD_MS = 2000;
/**
 * Looks in a row, all of which show that others would send us more, after which further neighbours
 * are called.
 */
const HUNGRY_LOOKS = 2;
/**
 * Neighbours of a complete peer up to which it calls others while a peer fetches. It needs none
 * itself; but a newcomer then hears of the others from whichever peer it asks first.
 */
const ENOUGH_FOR_SEED = 2;
/** Most connected peers that a complete peer asks on behalf of a newcomer. Chosen. */
const MOST_ASKED = 32;
const SEED_WAIT_MS = 1000;

/** The swarm, as far as its contacts need it. */
export interface Neighbourhood {
  readonly view: Pick<SessionView, 'isComplete' | 'hasLeechers' | 'isHungry' | 'neighbourCount'>;
  has(peer: string): boolean;
  /**
   * Takes over an open stream. Returns the function that takes its chunks; undefined if the stream
   * was closed.
   */
  join(call: Call): ((chunk: Uint8Array) => void) | undefined;
}

export interface ContactsInit {
  readonly network: Network;
  readonly swarm: Neighbourhood;
  /** Digest of the root CID. */
  readonly digest: Uint8Array;
  readonly clock: Timers;
  readonly rng: Rng;
  readonly callees: Callees;
  isBanned(peer: string): boolean;
}

export class Contacts {
  readonly #init: ContactsInit;
  readonly #candidates: Candidates;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  #cancelLooks: Cancel | undefined;
  #calling = 0;
  #more = 0;
  /** Number of looks in a row at which every neighbour had something for us. */
  #hungryLooks = 0;
  #looking = false;
  #seeking = false;

  constructor(init: ContactsInit) {
    this.#init = init;
    this.#startedAt = init.clock.now();
    this.#candidates = new Candidates(init.rng, this.#startedAt);
    this.#wake();
  }

  /** Whether this swarm has a reason to call. */
  get #isActive(): boolean {
    const { isComplete, hasLeechers } = this.#init.swarm.view;
    return !this.#abort.signal.aborted && (!isComplete || hasLeechers);
  }

  #wake(): void {
    if (this.#cancelLooks !== undefined || !this.#isActive) return;
    this.#cancelLooks = this.#init.clock.every(LOOK_MS, 'looking for neighbours', () => {
      if (!this.#isActive) return this.#rest();
      this.#wantMore();
      this.#look();
    });
  }

  #rest(): void {
    this.#cancelLooks?.();
    this.#cancelLooks = undefined;
  }

  /** A neighbour said hello. If it fetches, looks for other peers on its behalf. */
  handleMet(peer: string): void {
    this.#candidates.handleMet(peer);
    this.#wake();
    const { isComplete, hasLeechers, neighbourCount } = this.#init.swarm.view;
    if (isComplete && hasLeechers && neighbourCount < ENOUGH_FOR_SEED) {
      unawaited('looking for neighbours', this.seek());
    }
  }

  /**
   * Asks the connected peers, as a complete peer, whether they exchange the file, and calls those.
   */
  async seek(): Promise<void> {
    if (this.#seeking) return;
    this.#seeking = true;
    const { network, swarm, rng, isBanned } = this.#init;
    const peers = network.connected().filter((peer) => !swarm.has(peer) && !isBanned(peer));
    const first = peers.length > MOST_ASKED ? rng.below(peers.length) : 0;
    const asked = [...peers.slice(first), ...peers.slice(0, first)].slice(0, MOST_ASKED);
    await Promise.all(asked.map((peer) => this.#ask(peer)));
    this.#seeking = false;
  }

  async #ask(peer: string): Promise<void> {
    const { network, swarm, digest } = this.#init;
    const standing = await network.ask(peer, digest);
    const fetches = standing === 'part';
    if (!fetches && !(standing === 'whole' && this.#isActive)) return;
    if (swarm.view.neighbourCount + this.#calling >= ENOUGH_FOR_SEED) return;
    const candidate = this.#consider(peer, [], {});
    if (candidate && !candidate.calling) unawaited('calling a peer', this.#call(candidate));
  }

  /**
   * Takes addresses that a neighbour named. It ignores those without a PeerId, and those of a
   * narrower scope than the neighbour's own: what it calls 127.0.0.1 is not this host.
   */
  hear(addresses: readonly string[], teller: string): void {
    for (const { peer, address } of this.#init.network.believe(addresses, teller)) {
      if (peer !== undefined) this.#consider(peer, [address], { teller });
    }
  }

  /** The addresses that may be passed on, among those that a neighbour names as its own. */
  vouchFor(addresses: readonly string[], neighbour: string): string[] {
    return this.#init.network
      .believe(addresses, neighbour)
      .filter(({ peer }) => peer === neighbour)
      .map(({ address }) => address);
  }

  /** Adds a candidate. Without addresses it is called over a connection that is open. */
  add(peer: string, addresses: readonly string[]): void {
    this.#consider(peer, addresses, {});
  }

  /** Adds a connected peer, which may have the file. */
  guess(peer: string): void {
    this.#consider(peer, [], { isGuess: true });
  }

  #consider(peer: string, addresses: readonly string[], mention: Mention): Candidate | undefined {
    const { network, clock, isBanned } = this.#init;
    if (peer === network.self || isBanned(peer)) return undefined;
    const notBefore = clock.now() + this.#waitFor(peer, mention.teller);
    const candidate = this.#candidates.add(peer, addresses, mention, notBefore);
    this.#lookSoon();
    return candidate;
  }

  /** Milliseconds for which a peer may call us before we call it. */
  #waitFor(peer: string, teller: string | undefined): number {
    const { network, swarm } = this.#init;
    if (swarm.view.isComplete) return SEED_WAIT_MS;
    // Without a neighbour, calling at once matters more than avoiding a second call.
    const hasOthers = swarm.view.neighbourCount > 0;
    const yields = teller !== undefined && network.self > peer && hasOthers;
    return yields ? YIELD_MS : 0;
  }

  /** Whether a candidate is left whose last call did not fail. */
  get hasMore(): boolean {
    for (const { peer, failures } of this.#candidates) {
      if (failures === 0 && !this.#init.swarm.has(peer)) return true;
    }
    return false;
  }

  /** A neighbour left. It may come back, and another may take its place. */
  lost(peer: string, refused: boolean): void {
    const now = this.#init.clock.now();
    if (refused) this.#init.callees.noteRefused(peer, now);
    const candidate = this.#candidates.get(peer);
    if (candidate) this.#candidates.defer(candidate, now);
    this.#lookSoon();
  }

  close(): void {
    this.#abort.abort();
    this.#rest();
  }

  /** Looks once all news of this round of the event loop is known, so that it draws among all. */
  readonly #lookSoon = (): void => {
    if (this.#looking) return;
    this.#looking = true;
    this.#init.clock.soon('looking for neighbours', () => {
      this.#looking = false;
      this.#look();
    });
  };

  /** Calls while neighbours are few. */
  #look(): void {
    if (!this.#isActive) return;
    const { view } = this.#init.swarm;
    while (this.#calling < CALLS_AT_ONCE && view.neighbourCount + this.#calling < this.#enough) {
      const candidate = this.#draw();
      if (!candidate) return;
      unawaited('calling a peer', this.#call(candidate));
    }
  }

  get #enough(): number {
    if (this.#init.swarm.view.isComplete) return ENOUGH_FOR_SEED;
    const more = (this.#init.clock.now() - this.#startedAt) / ONE_MORE_MS;
    return Math.min(ENOUGH, ENOUGH_AT_FIRST + Math.floor(more)) + this.#more;
  }

  #wantMore(): void {
    const { isHungry, neighbourCount } = this.#init.swarm.view;
    this.#hungryLooks = isHungry ? this.#hungryLooks + 1 : 0;
    if (this.#hungryLooks > 0 && neighbourCount >= this.#enough) {
      this.#more = Math.min(this.#more + MORE_AT_ONCE, MOST_MORE);
    }
  }

  #draw(): Candidate | undefined {
    const { clock, swarm, callees, isBanned } = this.#init;
    const now = clock.now();
    const { isComplete } = swarm.view;
    const isUrgent = this.#hungryLooks >= HUNGRY_LOOKS;
    return this.#candidates.draw(now, ({ peer, notBefore, failures }) => {
      // A seed calls a candidate once; a hungry peer does not wait to be called.
      if (failures > 0 && isComplete) return false;
      if (now < notBefore && !(isUrgent && failures === 0)) return false;
      if (swarm.has(peer) || isBanned(peer)) return false;
      return callees.mayCall(peer, now, this.#lookSoon);
    });
  }

  async #call(candidate: Candidate): Promise<void> {
    const { callees, clock } = this.#init;
    candidate.calling = true;
    this.#calling++;
    this.#candidates.handleCalled(candidate);
    try {
      if (!(await this.#mayExchange(candidate))) throw new Error('does not exchange the file');
      if (!callees.mayCall(candidate.peer, clock.now())) return;
      await this.#open(candidate);
      this.#candidates.handleAnswered(candidate);
    } catch {
      // The peer is gone, or does not know the file: it is called again later.
      this.#candidates.defer(candidate, clock.now());
    } finally {
      candidate.calling = false;
      this.#calling--;
    }
  }

  /**
   * Whether to call the candidate. If it was called often, asks it first, for many files together.
   */
  async #mayExchange(candidate: Candidate): Promise<boolean> {
    const { callees, clock, network, digest } = this.#init;
    const { peer, addresses, isGuess } = candidate;
    if (!isGuess || addresses.length > 0) return true;
    if (!callees.isCalledOften(peer, clock.now())) return true;
    const standing = await network.ask(peer, digest);
    if (standing === 'part' || standing === 'whole') candidate.isGuess = false;
    return standing !== 'none';
  }

  async #open({ peer, addresses }: Candidate): Promise<void> {
    const { callees, clock, network, swarm } = this.#init;
    const answered = callees.begin(peer, clock.now());
    try {
      const wire = await network.call(peer, addresses, this.#abort.signal);
      const intake = swarm.join({ wire, outbound: true });
      if (intake) wire.onData(intake);
    } finally {
      answered();
    }
  }
}
