// Runs one body at a time for each name, in the order of asking; different names do not wait for
// each other.

export class NamedGates {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(name: string, body: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const running = (async () => {
      await before;
      return body();
    })();
    // The next body waits for the end of this one, not for its success.
    const over = running.catch(() => undefined);
    this.#last.set(name, over);
    try {
      return await running;
    } finally {
      if (this.#last.get(name) === over) this.#last.delete(name);
    }
  }
}
