// How often a peer may call, and how many calls may wait for their hello. A call is
// cheap for the caller and dear here: a hello may have half a megabyte, each joins a
// swarm, and every neighbour is told of it.

/** Calls of one peer within a span; it calls once for each file that it fetches. Chosen. */
const MOST_CALLS = 64;
const SPAN_MS = 10_000;
/** Calls that have not said which file they mean, of one peer and of all. Chosen. */
const MOST_UNNAMED_OF_PEER = 16;
const MOST_UNNAMED = 128;

export class Callers {
  readonly #unnamed = new Map<string, number>();
  readonly #calls = new Map<string, number>();
  #unnamedCount = 0;
  #spanEndsAt = Number.NEGATIVE_INFINITY;

  /** False when this call is one too many in a short time. */
  mayCall(peer: string, now: number): boolean {
    if (now >= this.#spanEndsAt) {
      this.#calls.clear();
      this.#spanEndsAt = now + SPAN_MS;
    }
    const calls = (this.#calls.get(peer) ?? 0) + 1;
    this.#calls.set(peer, calls);
    return calls <= MOST_CALLS;
  }

  /**
   * A call begins to wait for its hello; undefined when too many do. The returned
   * function must be called once when it no longer does.
   */
  wait(peer: string): (() => void) | undefined {
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
