// Pacing by virtual time: a link carries one item after another, each for bytes / rate. A
// token bucket loses rate to late timers. Here the next item starts where the last one
// ended, not when the process woke up. How much lateness may be caught up is bounded. From
// its first use on a link never carries more than rate x time, summed over the rates that it
// had. Pure: time comes in as an argument.

/**
 * Time that an idle link may catch up: 2 % of a second, below the 3 % by which a cap may be
 * missed over a second.
 */
export const IDLE_CREDIT_MS = 20;
/**
 * Time that a busy link may catch up after its process was held up. It covers the late
 * timers of loaded two-core machines (with 2 ms, 10-40 % of the rate was lost).
 */
export const LATE_CREDIT_MS = 100;

export class Pacer {
  #bytesPerMs: number;
  #freeAt: number | undefined;

  /** @param bytesPerSecond Infinity for no cap */
  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000;
  }

  /** When the last byte that is booked will have passed; -Infinity if nothing is booked. */
  get freeAt(): number {
    return this.#freeAt ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Books `bytes`. Returns the instant (ms on the caller's clock) at which the last of them
   * will have left. If that is not after `now`, they may go at once.
   *
   * @param busy whether the sender was waiting for this link until now. If so, the time since
   * the link fell free is lateness; otherwise it is idleness.
   */
  reserve(now: number, bytes: number, busy: boolean): number {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return now;
    const earliest = now - (busy ? LATE_CREDIT_MS : IDLE_CREDIT_MS);
    const startAt = Math.max(this.#freeAt ?? now, earliest);
    this.#freeAt = startAt + bytes / this.#bytesPerMs;
    return this.#freeAt;
  }

  /**
   * Changes the rate from `now` on. The bytes that are booked and have not passed, and the
   * bytes that may be caught up, stay as many as before.
   */
  changeRate(now: number, bytesPerSecond: number): void {
    const before = this.#bytesPerMs;
    this.#bytesPerMs = bytesPerSecond / 1000;
    if (this.#freeAt === undefined) return;
    // Without a cap nothing is late or early: the next cap starts anew.
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) this.#freeAt = undefined;
    else this.#freeAt = now + ((this.#freeAt - now) * before) / this.#bytesPerMs;
  }

  /** Takes back what is booked and has not passed: it will not be sent. */
  release(now: number): void {
    if (this.#freeAt !== undefined) this.#freeAt = Math.min(this.#freeAt, now);
  }
}
