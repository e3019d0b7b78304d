// What to ask a mirror for next: the first run of missing pieces, as one range.
// In order, since one long response costs least and a plain reader (standard
// output, a player) can follow. Pure.
import type { Bitfield } from '../content/bitfield.ts';
import type { Geometry } from '../content/geometry.ts';

export interface PieceRun {
  readonly firstPiece: number;
  /** Exclusive. */
  readonly endPiece: number;
  readonly firstByte: number;
  /** Exclusive. */
  readonly endByte: number;
}

/** Undefined when nothing is missing. */
export function nextRun(have: Bitfield, geometry: Geometry): PieceRun | undefined {
  const count = geometry.pieceCount;
  let firstPiece = 0;
  while (firstPiece < count && have.has(firstPiece)) firstPiece++;
  if (firstPiece === count) return undefined;
  let endPiece = firstPiece;
  while (endPiece < count && !have.has(endPiece)) endPiece++;
  return {
    firstPiece,
    endPiece,
    firstByte: geometry.offset(firstPiece),
    endByte: geometry.offset(endPiece - 1) + geometry.length(endPiece - 1),
  };
}
