// Finds the pieces of one content that have the same bytes: one of them is fetched, and the others
// are copies of it. Pure.
import type { Manifest } from './manifest.ts';
import { PieceIndex } from './piece-index.ts';

/** Stands for no group, as 0 does in a new array. */
const NONE = 0;

export class EqualPieces {
  /** Two pieces or more each, ascending. */
  readonly groups: readonly (readonly number[])[];
  /** The group of each piece, as its number in `groups` and one. */
  readonly #groupOf: Uint32Array;

  /** Undefined if no two pieces are equal. */
  static in(manifest: Pick<Manifest, 'digests' | 'geometry'>): EqualPieces | undefined {
    const { geometry } = manifest;
    const index = new PieceIndex(manifest);
    const groups: number[][] = [];
    const groupOf = new Uint32Array(geometry.pieceCount);
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      const first = index.add(piece);
      // A manifest may lie about a length: then one of the two can never be had.
      if (first === piece || geometry.length(first) !== geometry.length(piece)) continue;
      if (groupOf[first] === NONE) groupOf[first] = groups.push([first]);
      groupOf[piece] = groupOf[first]!;
      groups[groupOf[first]! - 1]!.push(piece);
    }
    return groups.length === 0 ? undefined : new EqualPieces(groups, groupOf);
  }

  private constructor(groups: readonly (readonly number[])[], groupOf: Uint32Array) {
    this.groups = groups;
    this.#groupOf = groupOf;
  }

  /** All pieces with the bytes of this one; undefined if it is the only one. */
  of(piece: number): readonly number[] | undefined {
    const group = this.#groupOf[piece] ?? NONE;
    return group === NONE ? undefined : this.groups[group - 1];
  }
}
