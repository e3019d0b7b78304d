// How fast a count grows at the moment: over the last seconds.

/** Milliseconds over which the rate is taken. Chosen: steady to the eye, and soon at zero. */
const WINDOW_MS = 5000;
/** Least time between two counts that are kept. */
const STEP_MS = 250;

export class Pace {
  readonly #now: () => number;
  readonly #seen: { readonly atMs: number; readonly count: number }[] = [];

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(count: number): void {
    const atMs = this.#now();
    const last = this.#seen.at(-1);
    if (last && atMs - last.atMs < STEP_MS) return;
    this.#seen.push({ atMs, count });
    while (this.#seen.length > 2 && this.#seen[1]!.atMs <= atMs - WINDOW_MS) this.#seen.shift();
  }

  /** @param count as it is now */
  perSecond(count: number): number {
    const [oldest] = this.#seen;
    const ms = oldest ? this.#now() - oldest.atMs : 0;
    return ms > 0 ? Math.round(((count - oldest!.count) * 1000) / ms) : 0;
  }
}
