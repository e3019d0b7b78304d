// The peers that a swarm could call. Bounded are their number, the number that one neighbour named,
// and the tries with peers that were only named by neighbours.
import type { Rng } from '../runtime/rng.ts';

/** Most candidates remembered, and most of them named by one neighbour. Chosen. */
const MOST_KNOWN = 512;
const MOST_OF_ONE_TELLER = 64;
/** Most addresses of one candidate; a host has a few interfaces. Chosen. */
const MOST_ADDRESSES = 4;
/**
 * Most failures in a row of candidates that neighbours named, and the time after which one more is
 * allowed. Chosen.
 */
const MOST_TRIES = 32;
const TRY_EVERY_MS = 2000;
/** Failed calls after which a candidate that a neighbour named is forgotten. */
const FAILURES_OF_HEARD = 2;
/** Wait before a failed candidate is tried again; doubled up to the second figure. Chosen. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

export interface Candidate {
  readonly peer: string;
  /** Addresses to call; none: the open connection, or addresses that the network knows. */
  addresses: readonly string[];
  /** The neighbour that named it; undefined once there is a better reason to call it. */
  teller: string | undefined;
  /** Whether it is a candidate only because it is connected: it may not exchange the file. */
  isGuess: boolean;
  failures: number;
  /** It is not called before this time. */
  notBefore: number;
  calling: boolean;
}

/** How a candidate was named. By default it is known to exchange the file. */
export interface Mention {
  readonly teller?: string;
  readonly isGuess?: boolean;
}

export class Candidates implements Iterable<Candidate> {
  readonly #rng: Rng;
  readonly #byPeer = new Map<string, Candidate>();
  /** Tries left for candidates that neighbours named, and the time from which they grow back. */
  #tries = MOST_TRIES;
  #triesAt: number;

  constructor(rng: Rng, now: number) {
    this.#rng = rng;
    this.#triesAt = now;
  }

  get(peer: string): Candidate | undefined {
    return this.#byPeer.get(peer);
  }

  [Symbol.iterator](): Iterator<Candidate> {
    return this.#byPeer.values();
  }

  /** Adds a candidate; undefined if there is no room for a new one. */
  add(
    peer: string,
    addresses: readonly string[],
    mention: Mention,
    notBefore: number,
  ): Candidate | undefined {
    const known = this.#byPeer.get(peer);
    if (known) learn(known, addresses, mention);
    if (known || this.#byPeer.size >= MOST_KNOWN) return known;
    const { teller, isGuess = false } = mention;
    if (teller !== undefined && this.#namedBy(teller) >= MOST_OF_ONE_TELLER) return undefined;
    const candidate = { peer, addresses, teller, isGuess, failures: 0, notBefore, calling: false };
    this.#byPeer.set(peer, candidate);
    return candidate;
  }

  #namedBy(teller: string): number {
    let count = 0;
    for (const candidate of this.#byPeer.values()) if (candidate.teller === teller) count++;
    return count;
  }

  /** Draws at random a candidate that may be called now. */
  draw(now: number, mayCall: (candidate: Candidate) => boolean): Candidate | undefined {
    const mayTry = this.#mayTry(now);
    let drawn: Candidate | undefined;
    let eligible = 0;
    for (const candidate of this.#byPeer.values()) {
      if (candidate.calling || (candidate.teller !== undefined && !mayTry)) continue;
      if (mayCall(candidate) && this.#rng.below(++eligible) === 0) drawn = candidate;
    }
    return drawn;
  }

  #mayTry(now: number): boolean {
    const grown = Math.floor((now - this.#triesAt) / TRY_EVERY_MS);
    this.#triesAt += grown * TRY_EVERY_MS;
    this.#tries = Math.min(MOST_TRIES, this.#tries + grown);
    return this.#tries > 0;
  }

  handleCalled({ teller }: Candidate): void {
    if (teller !== undefined) this.#tries--;
  }

  /** The candidate answered a call: now it counts as more than hearsay. */
  handleAnswered(candidate: Candidate): void {
    if (candidate.teller !== undefined) this.#tries++;
    candidate.teller = undefined;
  }

  /** The peer exchanges the file. */
  handleMet(peer: string): void {
    const candidate = this.#byPeer.get(peer);
    if (candidate) Object.assign(candidate, { isGuess: false, failures: 0 });
  }

  /** The candidate did not answer, or left: it is called again later, and later each time. */
  defer(candidate: Candidate, now: number): void {
    const { peer, teller, failures } = candidate;
    if (teller !== undefined && failures + 1 >= FAILURES_OF_HEARD) this.#byPeer.delete(peer);
    candidate.notBefore = now + Math.min(RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    candidate.failures++;
  }
}

/** Adds to a known candidate: hearsay adds addresses, better knowledge replaces them. */
function learn(
  known: Candidate,
  addresses: readonly string[],
  { teller, isGuess = false }: Mention,
): void {
  known.isGuess &&= isGuess;
  if (teller === undefined) {
    known.addresses = addresses;
    known.teller = undefined;
  } else if (known.addresses.length > 0) {
    known.addresses = [...new Set([...known.addresses, ...addresses])].slice(0, MOST_ADDRESSES);
  }
}
