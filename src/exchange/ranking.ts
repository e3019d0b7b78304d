// Pieces ordered by the number of known copies, fewest first, ties in random order. An array
// of pieces is cut into buckets of equal count. A count changes by one at a time, so a
// piece moves across one border by one swap: O(1) for each have, and the rarest piece is
// always in front. (The structure is that of counting sort, kept sorted.)
import type { Rng } from '../runtime/rng.ts';
import { shuffle } from '../runtime/rng.ts';

export class PieceRanking {
  readonly #order: Uint32Array;
  readonly #position: Uint32Array;
  readonly #count: Uint32Array;
  /** #bucketEnd[c] is one past the last place of the pieces with count c. */
  readonly #bucketEnd: number[];
  readonly #rng: Rng;
  /** Places [0, size) are ranked, the rest was removed. */
  #size: number;

  constructor(pieceCount: number, rng: Rng) {
    this.#rng = rng;
    this.#order = shuffle(
      Uint32Array.from({ length: pieceCount }, (_, piece) => piece),
      rng,
    );
    this.#position = new Uint32Array(pieceCount);
    for (let at = 0; at < pieceCount; at++) this.#position[this.#order[at]!] = at;
    this.#count = new Uint32Array(pieceCount);
    this.#bucketEnd = [pieceCount];
    this.#size = pieceCount;
  }

  /** How many pieces are ranked (not removed). */
  get size(): number {
    return this.#size;
  }

  /** Known copies of a piece; of a removed one, those counted before. */
  count(piece: number): number {
    return this.#count[piece]!;
  }

  /** How many ranked pieces have no known copy: they have the first places. */
  get unknown(): number {
    return this.#bucketEnd[0]!;
  }

  /** Which they are, ascending. */
  listUnknown(): number[] {
    return [...this.#order.subarray(0, this.unknown)].sort((a, b) => a - b);
  }

  isRanked(piece: number): boolean {
    return this.#position[piece]! < this.#size;
  }

  /** The ranked piece at a place, 0 being the rarest. */
  at(place: number): number {
    return this.#order[place]!;
  }

  increment(piece: number): void {
    if (!this.isRanked(piece)) return;
    const count = this.#count[piece]!;
    // Swap it to the end of its bucket, then move the border before it.
    this.#swap(this.#position[piece]!, --this.#bucketEnd[count]!);
    this.#count[piece] = count + 1;
    if (this.#bucketEnd.length === count + 1) this.#bucketEnd.push(this.#size);
    this.#mix(piece, this.#bucketEnd[count]!, this.#bucketEnd[count + 1]!);
  }

  decrement(piece: number): void {
    const count = this.#count[piece]!;
    if (!this.isRanked(piece) || count === 0) return;
    // Swap it to the start of its bucket, then move the border behind it.
    this.#swap(this.#position[piece]!, this.#bucketEnd[count - 1]!++);
    this.#count[piece] = count - 1;
    this.#mix(piece, count > 1 ? this.#bucketEnd[count - 2]! : 0, this.#bucketEnd[count - 1]!);
  }

  /** Takes a piece out of the ranking for good. */
  remove(piece: number): void {
    if (!this.isRanked(piece)) return;
    for (let count = this.#count[piece]!; count < this.#bucketEnd.length; count++) {
      this.#swap(this.#position[piece]!, --this.#bucketEnd[count]!);
    }
    this.#size--;
  }

  /** Moves a piece to a random place in [from, to), its bucket: ties must be random. */
  #mix(piece: number, from: number, to: number): void {
    this.#swap(this.#position[piece]!, from + this.#rng.below(to - from));
  }

  #swap(a: number, b: number): void {
    const pieceA = this.#order[a]!;
    const pieceB = this.#order[b]!;
    this.#order[a] = pieceB;
    this.#order[b] = pieceA;
    this.#position[pieceB] = a;
    this.#position[pieceA] = b;
  }
}
