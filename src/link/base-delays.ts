// The least delay of each path: what a probe takes when nothing queues in front of it.

/** A base is forgotten after one to two of these: ways change. LEDBAT's is 10 min. */
const SPAN_MS = 60_000;
/** Paths remembered. Chosen. */
const MOST_PATHS = 256;

interface Base {
  since: number;
  /** In this span, and in the one before. */
  leastMs: number;
  beforeMs: number;
}

export class BaseDelays {
  readonly #bases = new Map<string, Base>();

  /** Takes a sample in; returns the base with it. */
  note(now: number, path: string, tookMs: number): number {
    const base = this.#bases.get(path) ?? this.#add(now, path, tookMs);
    if (now - base.since > SPAN_MS) {
      base.beforeMs = base.leastMs;
      base.leastMs = tookMs;
      base.since = now;
    }
    base.leastMs = Math.min(base.leastMs, tookMs);
    return Math.min(base.leastMs, base.beforeMs);
  }

  /** Undefined before the first sample. */
  of(path: string): number | undefined {
    const base = this.#bases.get(path);
    return base && Math.min(base.leastMs, base.beforeMs);
  }

  forget(): void {
    this.#bases.clear();
  }

  #add(now: number, path: string, tookMs: number): Base {
    const [oldest] = this.#bases.keys();
    if (oldest !== undefined && this.#bases.size >= MOST_PATHS) this.#bases.delete(oldest);
    const base = { since: now, leastMs: tookMs, beforeMs: tookMs };
    this.#bases.set(path, base);
    return base;
  }
}
