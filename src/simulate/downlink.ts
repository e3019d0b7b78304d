// A node's downlink as a line that carries one block after the other. What comes in
// slower than the line takes it is not held up: a block whose bytes trickled in over
// its sender's uplink is whole when its last byte comes, and not a block's time later.

export class Downlink {
  readonly #bytesPerMs: number;
  #freeAt = Number.NEGATIVE_INFINITY;

  /** @param bytesPerSecond Infinity for no cap. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /**
   * A block's last byte comes in at `now`, its first did `spreadMs` earlier. Returns
   * when the line is through with it, `now` or later. Call in the order of arrival.
   */
  carry(now: number, bytes: number, spreadMs: number): number {
    const startAt = Math.max(this.#freeAt, now - spreadMs);
    this.#freeAt = Math.max(now, startAt + bytes / this.#bytesPerMs);
    return this.#freeAt;
  }
}
