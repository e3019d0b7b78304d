// The base delay of each path: what a probe takes when nothing queues in front of it.

/** A base is forgotten after one to two spans: paths change. LEDBAT takes 10 min. */
const SPAN_MS = 60_000;
/** Paths remembered. Chosen. */
const MOST_PATHS = 256;

interface Base {
  since: number;
  /** Least delay in this span, and in the span before. */
  leastMs: number;
  beforeMs: number;
}

export class BaseDelays {
  readonly #bases = new Map<string, Base>();

  /** Adds a sample. Returns the path's base, that sample included. */
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

  /** The path's base in milliseconds; undefined before the first sample. */
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
