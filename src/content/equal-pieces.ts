// Finds the pieces of one content that have the same bytes: one of them is fetched, and the others
// are copies of it. Pure.
import { digestKey } from './cid.ts';
import { type Manifest, pieceDigest } from './manifest.ts';

export class EqualPieces {
  /** Two pieces or more each, ascending. */
  readonly groups: readonly (readonly number[])[];
  readonly #groupOf: ReadonlyMap<number, readonly number[]>;

  /** Undefined if no two pieces are equal. */
  static in(manifest: Pick<Manifest, 'digests' | 'geometry'>): EqualPieces | undefined {
    const { geometry } = manifest;
    const firsts = new Map<string, number>();
    const groupOf = new Map<number, number[]>();
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      const key = digestKey(pieceDigest(manifest, piece));
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, piece);
      // A manifest may lie about a length: then one of the two can never be had.
      else if (geometry.length(first) === geometry.length(piece)) {
        const group = groupOf.get(first) ?? [first];
        group.push(piece);
        groupOf.set(first, group).set(piece, group);
      }
    }
    return groupOf.size === 0 ? undefined : new EqualPieces(groupOf);
  }

  private constructor(groupOf: ReadonlyMap<number, readonly number[]>) {
    this.#groupOf = groupOf;
    this.groups = [...new Set(groupOf.values())];
  }

  /** All pieces with the bytes of this one; undefined if it is the only one. */
  of(piece: number): readonly number[] | undefined {
    return this.#groupOf.get(piece);
  }
}
