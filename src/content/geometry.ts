// Where each piece lies in the content. Pieces are the leaves of the DAG in order, so all pieces of
// a file but its last have the same length. A directory's files follow one another, and each begins
// with a new piece. No I/O here.
import { invariant } from '../runtime/invariant.ts';

/** IPFS nodes refuse blocks over 2 MiB; so a piece is never longer. */
export const MAX_PIECE_LENGTH = 2 ** 21;

/** Chosen: 2 TiB in the longest pieces; a manifest then takes 40 MiB of memory. */
export const MAX_PIECES = 2 ** 20;

export class Geometry {
  /** offsets[i] is where piece i starts; the last entry is the total length. */
  readonly #offsets: Float64Array;
  /** Length of the longest piece; 0 if there are no pieces. */
  readonly maxLength: number;

  /** @param lengths of the pieces in order; each is in 1..MAX_PIECE_LENGTH */
  constructor(lengths: ArrayLike<number>) {
    this.#offsets = new Float64Array(lengths.length + 1);
    let longest = 0;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i]!;
      invariant(
        Number.isInteger(length) && length > 0 && length <= MAX_PIECE_LENGTH,
        `piece ${i} has a length of ${length}`,
      );
      this.#offsets[i + 1] = this.#offsets[i]! + length;
      longest = Math.max(longest, length);
    }
    this.maxLength = longest;
  }

  get pieceCount(): number {
    return this.#offsets.length - 1;
  }

  get totalLength(): number {
    return this.#offsets[this.#offsets.length - 1]!;
  }

  /** The first byte of a piece, counted from the start of the content. */
  offset(piece: number): number {
    return this.#offsets[piece]!;
  }

  length(piece: number): number {
    return this.#offsets[piece + 1]! - this.#offsets[piece]!;
  }

  /** What most pieces have: the longest in a file; the mean where short ones are many. */
  get typicalLength(): number {
    const mean = this.totalLength / Math.max(1, this.pieceCount);
    return 2 * mean < this.maxLength ? mean : this.maxLength;
  }

  /** The piece that holds the byte at `offset` (0 <= offset < totalLength). */
  pieceAt(offset: number): number {
    invariant(offset >= 0 && offset < this.totalLength, `offset ${offset} is outside`);
    let low = 0;
    let high = this.pieceCount - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
