// How often something may be, for each host: so many times at once, and once more after a while.
import type { Clock } from '../../runtime/clock.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';

/** Hosts remembered; a forgotten one counts as a new one. Chosen. */
const MOST_REMEMBERED = 4096;

interface Left {
  count: number;
  at: number;
}

export class Quota {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #oneMoreMs: number;
  readonly #left = new Map<string, Left>();

  constructor(clock: Clock, most: number, oneMoreMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#oneMoreMs = oneMoreMs;
  }

  /** Takes one; false if none is left. */
  take(key: string): boolean {
    const now = this.#clock.now();
    const left = this.#left.get(key) ?? { count: this.#most, at: now };
    const grown = Math.floor((now - left.at) / this.#oneMoreMs);
    left.at += grown * this.#oneMoreMs;
    left.count = Math.min(this.#most, left.count + grown);
    this.#left.delete(key);
    this.#left.set(key, left);
    forgetOldest(this.#left, MOST_REMEMBERED);
    if (left.count < 1) return false;
    left.count--;
    return true;
  }

  /** Gives one back that was taken. */
  giveBack(key: string): void {
    const left = this.#left.get(key);
    if (left) left.count = Math.min(this.#most, left.count + 1);
  }
}
