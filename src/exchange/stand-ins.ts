// Which of equal pieces are asked for: one of each group, and none if one is here, since the caller
// makes copies. Where no neighbour has the one that is asked for, another stands in for it.
import type { Bitfield } from '../content/bitfield.ts';
import type { PieceRanking } from './ranking.ts';

/** Equal pieces, two or more, ascending. */
type Groups = readonly (readonly number[])[];

/** Missing pieces that are not asked for at first. */
export function* copiesToCome(groups: Groups, have: Bitfield): Generator<number> {
  for (const group of groups) {
    const isHere = group.some((piece) => have.has(piece));
    for (const piece of isHere ? group : group.slice(1)) if (!have.has(piece)) yield piece;
  }
}

/** Pieces that neighbours have, for those that none has. */
export function* standIns(groups: Groups, missing: PieceRanking): Generator<number> {
  for (const group of missing.unknown > 0 ? groups : []) {
    const [first] = group;
    if (!missing.isRanked(first!) || missing.count(first!) > 0) continue;
    const other = group.find((piece) => missing.count(piece) > 0);
    // One that is here is being copied.
    if (other !== undefined && missing.isRanked(other)) yield other;
  }
}
