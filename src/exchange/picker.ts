// Which piece a receiver asks for when a grant is offered to it. The policies have one
// signature.
//
// Conditions of a pick; check them again with every change:
// - the neighbour has the piece;
// - the piece is wanted: not here, not being stored, not on its way (or, in the endgame,
//   on its way from a source that is too slow);
// - this neighbour is not sending it already, and did not send it with a bad hash;
// - the giver's hints come first: the giver knows best which pieces have the fewest copies.
//   The sequential policy ignores hints.
import type { Rng } from '../runtime/rng.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import type { PieceRanking } from './ranking.ts';

export interface PickView {
  /** The missing pieces, rarest first. */
  readonly missing: PieceRanking;
  readonly pieceCount: number;
  /** The least missing piece. */
  readonly firstMissing: number;
  readonly rng: Rng;
  isWanted(piece: number): boolean;
}

export type Picker = (
  view: PickView,
  neighbour: Neighbour,
  hints: readonly number[],
) => number | undefined;

/** Number of random draws before all missing pieces are searched. */
const DRAWS = 8;

/** The first usable hint, else the rarest piece; ties are random. */
const pickRarest: Picker = (view, neighbour, hints) => {
  const hint = pickHint(view, neighbour, hints);
  if (hint !== undefined) return hint;
  for (let place = 0; place < view.missing.size; place++) {
    const piece = view.missing.at(place);
    if (isCandidate(view, neighbour, piece)) return piece;
  }
  return undefined;
};

/** The first usable hint, else a piece at random, all equally likely. */
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

/** The first piece of the file that the neighbour has: for readers of the file in order. */
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
    !neighbour.source.fetches.has(piece) &&
    !neighbour.source.refused.has(piece)
  );
}
