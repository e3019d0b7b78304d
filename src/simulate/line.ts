// One direction of an access line as it really is: a rate, and a buffer in front of it that drops
// what does not fit (drop-tail). First come, first served, whoever sent it. Pure: time comes in
// as an argument, and a packet's end is computed when it comes, so no event is needed.

export class Line {
  readonly #bufferBytes: number;
  #bytesPerMs: number;
  #freeAt = Number.NEGATIVE_INFINITY;
  /** How many packets waited for so long, by whole milliseconds. */
  readonly #waits: number[] = [];
  droppedPackets = 0;
  carriedBytes = 0;

  /**
   * @param bytesPerSecond Infinity for no limit
   * @param bufferMs what the buffer holds, in milliseconds at this rate
   */
  constructor(bytesPerSecond: number, bufferMs: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#bufferBytes = bufferMs * this.#bytesPerMs;
  }

  /** Milliseconds until all that waits has passed. */
  queueMs(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }

  /** Changes the rate. What waits passes at the new rate; the buffer keeps its bytes. */
  changeRate(now: number, bytesPerSecond: number): void {
    const waiting = this.queueMs(now) * this.#bytesPerMs;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#freeAt = now + waiting / this.#bytesPerMs;
  }

  /** A packet comes. Returns when its last byte has passed; undefined when it is dropped. */
  carry(now: number, bytes: number): number | undefined {
    const waitMs = this.queueMs(now);
    if (waitMs * this.#bytesPerMs > this.#bufferBytes) {
      this.droppedPackets++;
      return undefined;
    }
    const bin = Math.floor(waitMs);
    this.#waits[bin] = (this.#waits[bin] ?? 0) + 1;
    this.carriedBytes += bytes;
    this.#freeAt = now + waitMs + bytes / this.#bytesPerMs;
    return this.#freeAt;
  }

  /** The wait that this share of all packets did not exceed, in milliseconds. */
  waitOf(share: number): number {
    const total = this.#waits.reduce((sum, count) => sum + (count ?? 0), 0);
    let seen = 0;
    for (const [ms, count] of this.#waits.entries()) {
      seen += count ?? 0;
      if (seen >= share * total && total > 0) return ms;
    }
    return 0;
  }
}
