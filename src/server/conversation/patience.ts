// How long the sender of a body is waited for: it must keep a pace over a window of time, however
// fast it was before. What came early buys no more than one window.

/**
 * Bytes that a client must take or send in each stall time: 4 KiB/s at 30 s. Chosen: the slowest
 * client that is worth its buffer; a slower one resumes after the cut.
 */
export const BYTES_PER_STALL = 128 * 1024;

export class Patience {
  readonly #stallMs: number;
  #leftMs: number;

  /** @param stallMs the time for the first bytes, and for silence */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
    this.#leftMs = stallMs;
  }

  /** Counts bytes that came after a wait. Returns whether they came in time. */
  take(waitedMs: number, bytes: number): boolean {
    const earnedMs = (bytes / BYTES_PER_STALL) * this.#stallMs;
    this.#leftMs = Math.min(2 * this.#stallMs, this.#leftMs - waitedMs + earnedMs);
    return this.#leftMs >= 0;
  }
}
