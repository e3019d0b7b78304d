/** Chunks joined up to a length that is never passed. Work and memory are linear in what was added. */
export class Gathered {
  readonly #most: number;
  #room = Buffer.alloc(0);
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** What is gathered and not taken yet. The view is good until the next call. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  /** Adds a chunk; returns false, with nothing added, if the whole would be too long. */
  add(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length;
    if (length > this.#most) return false;
    if (length > this.#room.length) this.#grow(Math.min(this.#most, 2 * length));
    this.#room.set(chunk, this.#length);
    this.#length = length;
    return true;
  }

  /** Takes the first bytes, which are the caller's to keep. */
  take(length: number): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, length));
    this.#room.copyWithin(0, length, this.#length);
    this.#length -= length;
    return taken;
  }

  #grow(length: number): void {
    const room = Buffer.alloc(length);
    room.set(this.bytes);
    this.#room = room;
  }
}
