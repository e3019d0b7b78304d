// Finds a piece by its digest, among up to 2^20 pieces, without a string or an object for each: a
// Map of strings takes seconds for so many. Open addressing: a table of piece numbers. Digests are
// a stranger's choice until the pieces are here, so they are mixed with random numbers: nobody can
// choose digests that all fall on one slot. Pure.
import { DIGEST_LENGTH, type Manifest } from './manifest.ts';

const EMPTY = -1;
const WORDS = DIGEST_LENGTH / Uint32Array.BYTES_PER_ELEMENT;

export class PieceIndex {
  readonly #digests: Uint32Array;
  readonly #slots: Int32Array;
  /** One for each word of a digest. */
  readonly #random = crypto.getRandomValues(new Uint32Array(WORDS));

  constructor({ digests }: Pick<Manifest, 'digests'>) {
    this.#digests = wordsOf(digests);
    const pieceCount = digests.length / DIGEST_LENGTH;
    // At most half full.
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * pieceCount + 1))).fill(EMPTY);
  }

  /** Adds a piece; returns the first one added with its digest, which may be itself. */
  add(piece: number): number {
    const slot = this.#slotOf(this.#digests, piece * WORDS);
    const known = this.#slots[slot]!;
    if (known !== EMPTY) return known;
    this.#slots[slot] = piece;
    return piece;
  }

  /** Looks up the digests of other content, each by its number there; undefined if it was not added. */
  lookup(digests: Uint8Array): (number: number) => number | undefined {
    const words = wordsOf(digests);
    return (number) => {
      const piece = this.#slots[this.#slotOf(words, number * WORDS)]!;
      return piece === EMPTY ? undefined : piece;
    };
  }

  /** The slot of a digest, or the empty one where it belongs. */
  #slotOf(words: Uint32Array, start: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(words, start) & mask;
    for (;;) {
      const piece = this.#slots[slot]!;
      if (piece === EMPTY || this.#isDigestOf(piece, words, start)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #hash(words: Uint32Array, start: number): number {
    let hash = 0;
    for (let i = 0; i < WORDS; i++) {
      hash = Math.imul(hash ^ words[start + i]! ^ this.#random[i]!, this.#random[0]! | 1);
      // High bits, which depend on all others, act on the next word.
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #isDigestOf(piece: number, words: Uint32Array, start: number): boolean {
    const own = piece * WORDS;
    for (let i = 0; i < WORDS; i++) {
      if (this.#digests[own + i] !== words[start + i]) return false;
    }
    return true;
  }
}

/** A view where the bytes are aligned, otherwise of a copy. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const isAligned = bytes.byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset, length } = isAligned ? bytes : bytes.slice();
  return new Uint32Array(buffer, byteOffset, length / Uint32Array.BYTES_PER_ELEMENT);
}
