// When uploads expire, by the monotonic clock of this process: the wall clock may be set. What is
// stored is a wall clock's time, since the next process has another monotonic clock. It counts when
// it is seen first, and again when another process has changed it.

interface Deadline {
  /** As stored: milliseconds since the epoch. */
  readonly expiresMs: number;
  /** In milliseconds of performance.now(). */
  readonly at: number;
}

export class Deadlines {
  readonly #known = new Map<string, Deadline>();

  /** Returns what is to be stored for an upload that expires in so many milliseconds. */
  set(id: string, leftMs: number): number {
    const expiresMs = Date.now() + leftMs;
    this.#known.set(id, { expiresMs, at: performance.now() + leftMs });
    return expiresMs;
  }

  /** Milliseconds until it expires; none or fewer if it has. */
  leftMs(id: string, expiresMs: number): number {
    const known = this.#known.get(id);
    if (known?.expiresMs === expiresMs) return known.at - performance.now();
    const leftMs = expiresMs - Date.now();
    this.#known.set(id, { expiresMs, at: performance.now() + leftMs });
    return leftMs;
  }

  delete(id: string): void {
    this.#known.delete(id);
  }
}
