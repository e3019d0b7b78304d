// Splits what a socket read into Noise messages (records): u16 length, then so many bytes. Records
// are found in the memory that the socket read into, and not copied. Connections share one buffer;
// a connection in the middle of a record has one of its own until the record is whole, since the
// next read must follow what is there.

/** Bytes of one read, and more than the longest record (65,537 bytes). Chosen. */
const BUFFER_LENGTH = 256 * 1024;
/** Buffers kept for connections in the middle of a record. Chosen. */
const MOST_SPARE = 8;

const shared = Buffer.allocUnsafeSlow(BUFFER_LENGTH);
const spare: Buffer[] = [];

export class RecordBuffer {
  #own: Buffer | undefined;
  #start = 0;
  #end = 0;

  /** Bytes that are missing of the record that has begun; 0 between records. */
  get missing(): number {
    const held = this.#end - this.#start;
    if (held === 0) return 0;
    return held < 2 ? 1 : 2 + this.#recordLength() - held;
  }

  /**
   * Memory for the next read, at least as long as what is missing. Valid until then, and read by
   * nobody else in the same turn of the event loop.
   */
  space(): Uint8Array {
    if (this.#start === this.#end) this.release();
    else this.#keepRest();
    return this.#own ? this.#own.subarray(this.#end) : shared;
  }

  /** So many bytes were read into the last space(). Take all records before the next one. */
  handleRead(length: number): void {
    this.#end += length;
  }

  /** The next whole record without its length, or undefined. Valid until the next read. */
  next(): Uint8Array | undefined {
    if (this.#start === this.#end || this.missing > 0) return undefined;
    const begin = this.#start + 2;
    const end = begin + this.#recordLength();
    this.#start = end;
    return (this.#own ?? shared).subarray(begin, end);
  }

  /** Forgets everything. */
  release(): void {
    if (this.#own && spare.length < MOST_SPARE) spare.push(this.#own);
    this.#own = undefined;
    this.#start = 0;
    this.#end = 0;
  }

  #recordLength(): number {
    return (this.#own ?? shared).readUInt16BE(this.#start);
  }

  /** Moves the record that has begun to the front of a buffer of its own. */
  #keepRest(): void {
    if (this.#own && this.#start === 0) return;
    const from = this.#own ?? shared;
    this.#own ??= spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_LENGTH);
    from.copy(this.#own, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }
}
