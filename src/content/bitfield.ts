// A fixed-length set of piece indices with a running count, in BEP 3 bit order:
// the high bit of byte 0 is piece 0, spare bits at the end are zero.

export class Bitfield {
  readonly length: number;
  readonly #bits: Uint8Array;
  #count = 0;

  constructor(length: number) {
    this.length = length;
    this.#bits = new Uint8Array(Math.ceil(length / 8));
  }

  /** Parses a bitfield from the wire; undefined if its size is wrong or a spare bit is set. */
  static tryFrom(bytes: Uint8Array, length: number): Bitfield | undefined {
    const field = new Bitfield(length);
    if (bytes.length !== field.#bits.length) return undefined;
    const spare = bytes.length * 8 - length;
    if (spare > 0 && (bytes[bytes.length - 1]! & ((1 << spare) - 1)) !== 0) return undefined;
    field.#bits.set(bytes);
    for (let i = 0; i < length; i++) if (field.has(i)) field.#count++;
    return field;
  }

  static full(length: number): Bitfield {
    const field = new Bitfield(length);
    for (let i = 0; i < length; i++) field.add(i);
    return field;
  }

  /** How many indices are in the set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return (this.#bits[index >> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Adds an index. Returns true if it was not in the set. */
  add(index: number): boolean {
    if (this.has(index)) return false;
    this.#bits[index >> 3]! |= 0x80 >> (index & 7);
    this.#count++;
    return true;
  }

  /** Removes an index. Returns true if it was in the set. */
  remove(index: number): boolean {
    if (!this.has(index)) return false;
    this.#bits[index >> 3]! &= ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  /** Adds [first, first + count). */
  addRun(first: number, count: number): void {
    for (let index = first; index < first + count; index++) this.add(index);
  }

  /** Removes [first, first + count). */
  removeRun(first: number, count: number): void {
    for (let index = first; index < first + count; index++) this.remove(index);
  }

  /** The indices in ascending order. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.length; i++) if (this.has(i)) yield i;
  }

  /** A copy in wire order. */
  toBytes(): Uint8Array {
    return this.#bits.slice();
  }
}
