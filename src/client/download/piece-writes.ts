// Writes of pieces, a few at a time, while more is read: each piece has a place of its
// own, so none waits for the one before. Bounded, so that a slow disk holds the network
// back; whoever hands over too much waits for the oldest, whose buffer is needed next.
import { WRITES_AHEAD } from './write-queue.ts';

export class PieceWrites {
  /** In the order in which they came. */
  #pending: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;

  /**
   * Begins at once, unless one has failed. Undefined when the next may be handed over at
   * once, else a promise of room; it throws the failure, as drain() does.
   */
  push(write: () => Promise<void>): Promise<void> | undefined {
    if (this.#failure) return Promise.reject(this.#failure.error);
    const done = write()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => {
        this.#pending = this.#pending.filter((other) => other !== done);
      });
    this.#pending.push(done);
    return this.#pending.length < WRITES_AHEAD ? undefined : this.#settle(this.#pending[0]);
  }

  /** Resolves when all is written. */
  drain(): Promise<void> {
    return this.#settle(Promise.all(this.#pending));
  }

  async #settle(work: Promise<unknown> | undefined): Promise<void> {
    await work;
    if (this.#failure) throw this.#failure.error;
  }
}
