// Bounds how many calls of a peer may bring nothing. A call is cheap for the caller and dear here:
// a hello may have half a megabyte, each call joins a swarm, and every neighbour is told of it. A
// call that moves a piece pays for itself, and open calls are bounded by the streams of their
// connection. So only calls that ended without a piece are counted. A caller over the limit is
// refused and should wait; only a caller that goes on counts as a flood.

/** Most useless calls of one peer within a span; beyond that it is refused. Chosen. */
const MOST_USELESS = 64;
/** Most calls refused within a span; beyond that the peer ignores the refusals. Chosen. */
const MOST_REFUSED = 32;
/** Milliseconds for which a refused peer should wait. */
export const CALL_SPAN_MS = 10_000;
/** Most calls that have not named their file, of one peer and of all peers. Chosen. */
const MOST_UNNAMED_OF_PEER = 16;
const MOST_UNNAMED = 128;

interface Caller {
  useless: number;
  refused: number;
}

export class Callers {
  readonly #unnamed = new Map<string, number>();
  readonly #callers = new Map<string, Caller>();
  #unnamedCount = 0;
  #spanEndsAt = Number.NEGATIVE_INFINITY;

  /**
   * Admits a call that waits for its hello. The returned function must be called once, when it no
   * longer waits.
   */
  admit(peer: string, now: number): (() => void) | 'refused' | 'flood' {
    const caller = this.#callerOf(peer, now);
    const waits = caller.useless < MOST_USELESS && this.#wait(peer);
    if (waits) return waits;
    return ++caller.refused > MOST_REFUSED ? 'flood' : 'refused';
  }

  /** Counts a call that ended without a piece in either direction. */
  noteUseless(peer: string, now: number): void {
    this.#callerOf(peer, now).useless++;
  }

  #callerOf(peer: string, now: number): Caller {
    if (now >= this.#spanEndsAt) {
      this.#callers.clear();
      this.#spanEndsAt = now + CALL_SPAN_MS;
    }
    const caller = this.#callers.get(peer) ?? { useless: 0, refused: 0 };
    this.#callers.set(peer, caller);
    return caller;
  }

  #wait(peer: string): (() => void) | undefined {
    const unnamed = this.#unnamed.get(peer) ?? 0;
    if (unnamed >= MOST_UNNAMED_OF_PEER || this.#unnamedCount >= MOST_UNNAMED) return undefined;
    this.#unnamed.set(peer, unnamed + 1);
    this.#unnamedCount++;
    let waits = true;
    return () => {
      if (!waits) return;
      waits = false;
      this.#unnamedCount--;
      const left = this.#unnamed.get(peer)! - 1;
      if (left > 0) this.#unnamed.set(peer, left);
      else this.#unnamed.delete(peer);
    };
  }
}
