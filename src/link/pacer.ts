// Pacing by virtual time: a link is a line that carries one item after another,
// each for bytes / rate. Unlike a refilled token bucket it does not lose rate to
// late timers, since the next item starts where the last one ended, not when
// somebody woke up. How far the past may be caught up is bounded. From its first
// use on a link never carries more than rate x time. Pure: time comes in.

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

  /** Holds from the next reservation on. */
  set bytesPerSecond(rate: number) {
    this.#bytesPerMs = rate / 1000;
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
}
