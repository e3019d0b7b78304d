// Which piece a receiver asks for when a turn is offered to it. The policies are
// siblings of one shape.
//
// Conditions of a pick, to be gone through again with every change:
// - the neighbour has it;
// - it is wanted: not here, not being stored, not on its way (or, in the endgame,
//   on its way from a source that is too slow);
// - this neighbour is not sending it already, and did not send it with a bad hash;
// - the uploader's hints come first: it knows best what has fewest copies. Who wants
//   the pieces in order ignores them.
import type { Rng } from '../runtime/rng.ts';
import type { Neighbour } from './neighbour.ts';
import type { PieceRanking } from './ranking.ts';

export interface PickView {
  /** The missing pieces, rarest first. */
  readonly missing: PieceRanking;
  readonly pieceCount: number;
  /** No piece below it is missing. */
  readonly firstMissing: number;
  readonly rng: Rng;
  isWanted(piece: number): boolean;
}

export type Picker = (
  view: PickView,
  neighbour: Neighbour,
  hints: readonly number[],
) => number | undefined;

/** Draws by which a random piece is looked for before all of them are gone through. */
const DRAWS = 8;

/** The first hint that can be used, else the rarest piece; ties are random. */
const pickRarest: Picker = (view, neighbour, hints) => {
  const hint = pickHint(view, neighbour, hints);
  if (hint !== undefined) return hint;
  for (let place = 0; place < view.missing.size; place++) {
    const piece = view.missing.at(place);
    if (isCandidate(view, neighbour, piece)) return piece;
  }
  return undefined;
};

/** The first hint that can be used, else any piece, each as likely as the others. */
const pickRandom: Picker = (view, neighbour, hints) => {
  const hint = pickHint(view, neighbour, hints);
  if (hint !== undefined) return hint;
  const { missing, rng } = view;
  for (let draw = 0; draw < DRAWS && missing.size > 0; draw++) {
    const piece = missing.at(rng.below(missing.size));
    if (isCandidate(view, neighbour, piece)) return piece;
  }
  let drawn: number | undefined;
  let seen = 0;
  for (let place = 0; place < missing.size; place++) {
    const piece = missing.at(place);
    if (isCandidate(view, neighbour, piece) && rng.below(++seen) === 0) drawn = piece;
  }
  return drawn;
};

/** The first piece of the file that can be had: for whoever reads it as it comes. */
const pickSequential: Picker = (view, neighbour) => {
  for (let piece = view.firstMissing; piece < view.pieceCount; piece++) {
    if (isCandidate(view, neighbour, piece)) return piece;
  }
  return undefined;
};

export const PICKERS = {
  rarest: pickRarest,
  random: pickRandom,
  sequential: pickSequential,
} as const;

export type PickerName = keyof typeof PICKERS;

function pickHint(
  view: PickView,
  neighbour: Neighbour,
  hints: readonly number[],
): number | undefined {
  return hints.find((hint) => isCandidate(view, neighbour, hint));
}

function isCandidate(view: PickView, neighbour: Neighbour, piece: number): boolean {
  return (
    neighbour.has(piece) &&
    view.isWanted(piece) &&
    !neighbour.fetches.has(piece) &&
    !neighbour.refused.has(piece)
  );
}
