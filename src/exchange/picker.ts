// Which piece a receiver asks for when a turn is offered to it.
//
// Conditions of a pick, to be gone through again with every change:
// - the neighbour has it;
// - it is wanted: not here, not being stored, not on its way (or, in the endgame,
//   on its way from a source that is too slow);
// - this neighbour is not sending it already, and did not send it with a bad hash;
// - the uploader's hints come first: it knows best what has fewest copies.
import type { Neighbour } from './neighbour.ts';
import type { PieceRanking } from './ranking.ts';

interface PickView {
  /** The missing pieces, rarest first. */
  readonly missing: PieceRanking;
  isWanted(piece: number): boolean;
}

export type Picker = (
  view: PickView,
  neighbour: Neighbour,
  hints: readonly number[],
) => number | undefined;

/** The first hint that can be used, else the rarest piece; ties are random. */
export const pickRarest: Picker = (view, neighbour, hints) => {
  for (const hint of hints) if (isCandidate(view, neighbour, hint)) return hint;
  for (let place = 0; place < view.missing.size; place++) {
    const piece = view.missing.at(place);
    if (isCandidate(view, neighbour, piece)) return piece;
  }
  return undefined;
};

function isCandidate(view: PickView, neighbour: Neighbour, piece: number): boolean {
  return (
    neighbour.has(piece) &&
    view.isWanted(piece) &&
    !neighbour.fetches.has(piece) &&
    !neighbour.refused.has(piece)
  );
}
