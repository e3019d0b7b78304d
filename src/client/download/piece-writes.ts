// Writes pieces, a few at a time, while more is read. Each piece has a place of its own, so none
// waits for the one before. The number is bounded, so that a slow disk holds the network back: one
// write too many waits for the oldest, whose buffer is needed next.
import { WRITES_AHEAD } from './write-queue.ts';

export class PieceWrites {
  /** Writes at work, oldest first. */
  #pending: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;

  /**
   * Begins a write at once, unless one has failed. Returns undefined if the next may be handed over
   * at once, else a promise of room. The promise throws the failure, as drain() does.
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

  /** Resolves when every write has ended. */
  drain(): Promise<void> {
    return this.#settle(Promise.all(this.#pending));
  }

  async #settle(work: Promise<unknown> | undefined): Promise<void> {
    await work;
    if (this.#failure) throw this.#failure.error;
  }
}
