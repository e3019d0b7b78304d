// Pacing by virtual time: a link is a line that carries one item after another,
// each for bytes / rate. Unlike a refilled token bucket it does not lose rate to
// late timers, since the next item starts where the last one ended, not when
// somebody woke up. How far the past may be caught up is bounded. From its first
// use on a link never carries more than rate x time, nor, when the rate changes,
// more than the sum of it. Pure: time comes in.

/**
 * What an idle link may catch up: under the 3 % by which a cap may be missed over
 * a second.
 */
export const IDLE_CREDIT_MS = 20;
/**
 * What a busy link may catch up when its process was held up: covers the timer
 * lateness seen on loaded two-core machines (2 ms lost 10-40 % of the rate).
 */
export const LATE_CREDIT_MS = 100;

export class Pacer {
  #bytesPerMs: number;
  #freeAt: number | undefined;

  /** Rate in bytes per second; Infinity for no cap. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000;
  }

  /** When the last byte booked has passed; long ago when nothing is. */
  get freeAt(): number {
    return this.#freeAt ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Books `bytes` and returns the instant (ms on the caller's clock) at which the
   * last of them has left; not after `now` means that they may go at once.
   *
   * @param busy whether the sender was waiting for this link until now: then time
   * since the link fell free is lateness, otherwise idleness.
   */
  reserve(now: number, bytes: number, busy: boolean): number {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return now;
    const earliest = now - (busy ? LATE_CREDIT_MS : IDLE_CREDIT_MS);
    const startAt = Math.max(this.#freeAt ?? now, earliest);
    this.#freeAt = startAt + bytes / this.#bytesPerMs;
    return this.#freeAt;
  }

  /**
   * From `now` on at this rate, what is booked and has not passed included: as many
   * bytes as were still to pass, or may be caught up, are so afterwards.
   */
  changeRate(now: number, bytesPerSecond: number): void {
    const before = this.#bytesPerMs;
    this.#bytesPerMs = bytesPerSecond / 1000;
    if (this.#freeAt === undefined) return;
    // Without a cap nothing is ever late or early: the next cap starts anew.
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) this.#freeAt = undefined;
    else this.#freeAt = now + ((this.#freeAt - now) * before) / this.#bytesPerMs;
  }

  /** What is booked and has not passed will not be sent after all. */
  release(now: number): void {
    if (this.#freeAt !== undefined) this.#freeAt = Math.min(this.#freeAt, now);
  }
}
