// Keeps a bounded number of files or directories open; the least recently used is closed first. One
// in use is never closed, so more may be open while they are in use.
import { HubswarmError } from '../../runtime/errors.ts';

interface Slot<H> {
  readonly handle: Promise<H>;
  users: number;
}

export class KeptOpen<K, H extends { close(): Promise<void> }> {
  readonly #open: (key: K) => Promise<H>;
  readonly #most: number;
  /** In the order of last use. */
  readonly #slots = new Map<K, Slot<H>>();
  #closed = false;

  constructor(open: (key: K) => Promise<H>, most: number) {
    this.#open = open;
    this.#most = most;
  }

  /** Runs `body` with it open; it must not keep the handle. */
  async use<T>(key: K, body: (handle: H) => Promise<T>): Promise<T> {
    if (this.#closed) throw new HubswarmError('ERR_ABORTED', 'the store was closed');
    const slot = this.#slots.get(key) ?? { handle: this.#open(key), users: 0 };
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    slot.users++;
    try {
      const handle = await slot.handle.catch((error: unknown) => {
        if (this.#slots.get(key) === slot) this.#slots.delete(key);
        throw error;
      });
      return await body(handle);
    } finally {
      slot.users--;
      if (this.#slots.get(key) !== slot) await this.#closeIdle(slot);
      if (this.#slots.size > this.#most || this.#closed) await this.#trim();
    }
  }

  /** Closes one as soon as its use ends: the next use opens what has its name then. */
  async reopen(key: K): Promise<void> {
    const slot = this.#slots.get(key);
    this.#slots.delete(key);
    if (slot) await this.#closeIdle(slot);
  }

  async #closeIdle({ handle, users }: Slot<H>): Promise<void> {
    if (users > 0) return;
    // One that could not be opened needs no close.
    const opened = await handle.catch(() => undefined);
    await opened?.close();
  }

  /** Closes all; those in use as soon as their use ends. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#trim();
  }

  async #trim(): Promise<void> {
    const most = this.#closed ? 0 : this.#most;
    for (const [key, slot] of this.#slots) {
      if (this.#slots.size <= most) return;
      if (slot.users > 0) continue;
      this.#slots.delete(key);
      await (await slot.handle).close();
    }
  }
}
