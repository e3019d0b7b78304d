// How many calls of a peer may come to nothing. A call is cheap for the caller and dear
// here: a hello may have half a megabyte, each joins a swarm, and every neighbour is told
// of it. One that moves a piece pays for itself, and one that stays open is bounded by
// the streams of its connection; so only those are counted that ended for nothing. A
// caller over the limit is refused and should wait; only one that goes on is a flood.

/** Calls of one peer that came to nothing within a span; beyond, it is refused. Chosen. */
const MOST_USELESS = 64;
/** Calls refused within a span; beyond, the peer does not want to hear. Chosen. */
const MOST_REFUSED = 32;
/** How long who was refused should wait. */
export const CALL_SPAN_MS = 10_000;
/** Calls that have not said which file they mean, of one peer and of all. Chosen. */
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
   * A call begins to wait for its hello. The returned function must be called once when
   * it no longer does.
   */
  admit(peer: string, now: number): (() => void) | 'refused' | 'flood' {
    const caller = this.#callerOf(peer, now);
    const waits = caller.useless < MOST_USELESS && this.#wait(peer);
    if (waits) return waits;
    return ++caller.refused > MOST_REFUSED ? 'flood' : 'refused';
  }

  /** A call ended, and no piece was passed on in either direction. */
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
