// Whom a swarm could call: bounded in number, in those that one neighbour named, and in
// how often those that were only heard of are tried.
import type { Rng } from '../runtime/rng.ts';

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
/** Until another try at one that failed; doubled up to the second figure. Chosen. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

export interface Candidate {
  readonly peer: string;
  /** Where to call it; none: over the open connection, or as the network knows it. */
  addresses: readonly string[];
  /** The neighbour that named it; undefined once there was a better reason to believe in it. */
  teller: string | undefined;
  /** Only because it is connected: it is not known whether it exchanges the file. */
  isGuess: boolean;
  failures: number;
  /** Not to be called before this. */
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
  /** Tries left for candidates that were only heard of, and since when they grow back. */
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

  /** Undefined when there is no room for a new one. */
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

  /** One that may be called now, at random. */
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

  /** It took the call: now it is more than hearsay. */
  handleAnswered(candidate: Candidate): void {
    if (candidate.teller !== undefined) this.#tries++;
    candidate.teller = undefined;
  }

  /** It exchanges the file. */
  handleMet(peer: string): void {
    const candidate = this.#byPeer.get(peer);
    if (candidate) Object.assign(candidate, { isGuess: false, failures: 0 });
  }

  /** It did not answer, or left: to be called again later, ever later. */
  defer(candidate: Candidate, now: number): void {
    const { peer, teller, failures } = candidate;
    if (teller !== undefined && failures + 1 >= FAILURES_OF_HEARD) this.#byPeer.delete(peer);
    candidate.notBefore = now + Math.min(RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    candidate.failures++;
  }
}

/** What is known of a candidate already is added to by hearsay, and replaced by better. */
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
