// Keeps a bounded number of files open; the least recently used is closed first. A file in use is
// never closed, so more may be open while they are in use.
import { HubswarmError } from '../runtime/errors.ts';
import type { Handle } from './file-calls.ts';

interface Slot {
  readonly handle: Promise<Handle>;
  users: number;
}

/** Chosen: far below the common limit of 1024 descriptors, which sockets need too. */
const MAX_OPEN = 64;

export class OpenFiles {
  readonly #open: (file: number) => Promise<Handle>;
  /** Open files, in the order of last use. */
  readonly #slots = new Map<number, Slot>();
  #closed = false;

  constructor(open: (file: number) => Promise<Handle>) {
    this.#open = open;
  }

  /** Runs `body` with the file open; it must not keep the handle. */
  async use<T>(file: number, body: (handle: Handle) => Promise<T>): Promise<T> {
    if (this.#closed) throw new HubswarmError('ERR_ABORTED', 'the store was closed');
    const slot = this.#slots.get(file) ?? { handle: this.#open(file), users: 0 };
    this.#slots.delete(file);
    this.#slots.set(file, slot);
    slot.users++;
    try {
      const handle = await slot.handle.catch((error: unknown) => {
        if (this.#slots.get(file) === slot) this.#slots.delete(file);
        throw error;
      });
      return await body(handle);
    } finally {
      slot.users--;
      await this.#trim(this.#closed ? 0 : MAX_OPEN);
    }
  }

  /** Closes every file; those in use as soon as their use ends. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#trim(0);
  }

  async #trim(limit: number): Promise<void> {
    for (const [file, slot] of this.#slots) {
      if (this.#slots.size <= limit) return;
      if (slot.users > 0) continue;
      this.#slots.delete(file);
      await (await slot.handle).close();
    }
  }
}
