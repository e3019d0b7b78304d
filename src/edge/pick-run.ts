// Picks the pieces to fetch next: from the first piece that a reader waits for and no lane fetches,
// in the order of waiting; else from the first missing one. A run ends after a few mebibytes, so
// that the next reader need not wait long. Pure.
import type { Bitfield } from '../content/bitfield.ts';
import type { Geometry } from '../content/geometry.ts';

export interface Run {
  readonly first: number;
  /** Exclusive end. */
  readonly end: number;
}

/** Length of a run. Chosen: 1.7 s at 20 Mbit/s, beside which the cost of a request is small. */
const RUN_BYTES = 4 * 2 ** 20;

/** @param wanted pieces that readers wait for, in the order of waiting. */
export function pickRun(
  geometry: Geometry,
  have: Bitfield,
  claimed: Bitfield,
  wanted: readonly number[],
): Run | undefined {
  const isOpen = (piece: number): boolean => !have.has(piece) && !claimed.has(piece);
  let first = wanted.find(isOpen) ?? 0;
  while (first < geometry.pieceCount && !isOpen(first)) first++;
  if (first >= geometry.pieceCount) return undefined;
  let end = first + 1;
  let bytes = geometry.length(first);
  while (end < geometry.pieceCount && isOpen(end) && bytes + geometry.length(end) <= RUN_BYTES) {
    bytes += geometry.length(end);
    end++;
  }
  return { first, end };
}
