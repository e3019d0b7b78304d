// What subscribers to events have not read yet, and this process holds for them. Who holds
// too much is let go, and resumes; so is whoever holds the most when all together do.

/** Of one subscriber. Chosen: the events of minutes; kernels hold as much again. */
const MAX_BYTES = 2 ** 20;
/** Of all. Chosen: a small part of a small machine's memory. */
const MAX_TOTAL_BYTES = 32 * 2 ** 20;

export interface Reader {
  /** Written, and not taken by the kernel yet. */
  unreadBytes(): number;
  /** Lets it go, and frees what it holds. */
  cut(): void;
}

export class Backlogs {
  /** What each held when it was last looked at, in bytes; who holds nothing is left out. */
  readonly #held = new Map<Reader, number>();
  #totalBytes = 0;

  /** Must be called after each write to a reader. */
  handleWrite(reader: Reader): void {
    this.#look(reader);
    if ((this.#held.get(reader) ?? 0) > MAX_BYTES) return this.#cut(reader);
    if (this.#totalBytes <= MAX_TOTAL_BYTES) return;
    // Some have read since.
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
