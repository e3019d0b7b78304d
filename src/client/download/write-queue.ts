// Writes in order, one at a time, while more is read; bounded, so that a slow
// disk or pipe holds the network back. In order, since an interrupted plain
// download trusts what lies before its end, and a pipe has no other way.

/**
 * How many writes may wait before reading stops: one at work and one to follow.
 * Measured: four gain nothing, and their buffers push each other out of the cache.
 */
export const WRITES_AHEAD = 2;

export class WriteQueue {
  #tail: Promise<void> = Promise.resolve();
  readonly #pending: Promise<void>[] = [];

  /**
   * Undefined when the next may be handed over at once; else a promise of room.
   * After a failure no further write begins; it is thrown here and by drain().
   */
  push(write: () => Promise<void>): Promise<void> | undefined {
    const done = this.#tail.then(async () => {
      await write();
      void this.#pending.shift();
    });
    this.#tail = done;
    // Reported by whoever awaits it next.
    done.catch(() => undefined);
    this.#pending.push(done);
    return this.#pending.length < WRITES_AHEAD ? undefined : this.#pending[0];
  }

  /** Resolves when all is written. */
  drain(): Promise<void> {
    return this.#tail;
  }
}
