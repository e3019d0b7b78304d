// A count of recent items: each weighs 1 when it happens and 1/e after DECAY_MS. It is computed
// when asked for, so it needs no timer.

/** The time over which BEP 3's clients average who gives ("a rolling 20-second average"). */
const DECAY_MS = 20_000;

export class DecayedCount {
  #value = 0;
  #since = 0;

  add(now: number): void {
    this.#value = this.at(now) + 1;
    this.#since = now;
  }

  at(now: number): number {
    return this.#value === 0 ? 0 : this.#value * Math.exp((this.#since - now) / DECAY_MS);
  }
}
