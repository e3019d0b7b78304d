// What subscribers to notifications have not read yet, and this process holds for them. A
// subscriber that holds too much is cut, and resumes. So is the one that holds most when all
// together hold too much.

/**
 * Most bytes of one subscriber. Chosen: the notifications of minutes; kernels hold as much again.
 */
const MAX_BYTES = 2 ** 20;
/** Most bytes of all subscribers. Chosen: a small part of a small machine's memory. */
const MAX_TOTAL_BYTES = 32 * 2 ** 20;

export interface Reader {
  /** Bytes written and not yet taken by the kernel. */
  unreadBytes(): number;
  /** Cuts the subscriber, and frees its memory. */
  cut(): void;
}

export class Backlogs {
  /** Bytes that each held at the last look; readers that hold none are left out. */
  readonly #held = new Map<Reader, number>();
  #totalBytes = 0;

  /** Must be called after each write to a reader. */
  handleWrite(reader: Reader): void {
    this.#look(reader);
    if ((this.#held.get(reader) ?? 0) > MAX_BYTES) return this.#cut(reader);
    if (this.#totalBytes <= MAX_TOTAL_BYTES) return;
    // Some readers may have read since.
    for (const each of [...this.#held.keys()]) this.#look(each);
    while (this.#totalBytes > MAX_TOTAL_BYTES) this.#cut(this.#greediest());
  }

  /** Must be called when a reader has gone. */
  forget(reader: Reader): void {
    this.#totalBytes -= this.#held.get(reader) ?? 0;
    this.#held.delete(reader);
  }

  #look(reader: Reader): void {
    this.forget(reader);
    const bytes = reader.unreadBytes();
    if (bytes === 0) return;
    this.#held.set(reader, bytes);
    this.#totalBytes += bytes;
  }

  #cut(reader: Reader): void {
    this.forget(reader);
    reader.cut();
  }

  #greediest(): Reader {
    const [first, ...others] = this.#held;
    return others.reduce((most, each) => (each[1] > most[1] ? each : most), first!)[0];
  }
}
