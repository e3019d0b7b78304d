// Writes in order, one at a time, while more is read. The queue is bounded, so that a slow disk or
// pipe holds the network back. The order matters: a plain download that was interrupted trusts all
// bytes before its end, and a pipe needs it.

/**
 * Most writes before reading stops: one at work and one to follow. Measured: four gain nothing, and
 * their buffers push each other out of the cache.
 */
export const WRITES_AHEAD = 2;

export class WriteQueue {
  #tail: Promise<void> = Promise.resolve();
  readonly #pending: Promise<void>[] = [];

  /**
   * Queues a write. Returns undefined if the next may be handed over at once, else a promise of
   * room. After a failure no further write begins; the promise and drain() throw it.
   */
  push(write: () => Promise<void>): Promise<void> | undefined {
    const done = this.#tail.then(async () => {
      await write();
      void this.#pending.shift();
    });
    this.#tail = done;
    // The next caller that awaits gets the failure.
    done.catch(() => undefined);
    this.#pending.push(done);
    return this.#pending.length < WRITES_AHEAD ? undefined : this.#pending[0];
  }

  /** Resolves when every write has ended. */
  drain(): Promise<void> {
    return this.#tail;
  }
}
