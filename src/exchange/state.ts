// State that the parts of a session share. The session owns it; uploads and downloads each
// change their own side.
import type { Bitfield } from '../content/bitfield.ts';
import type { Geometry } from '../content/geometry.ts';
import type { Loss } from '../content/store.ts';
import type { Rng } from '../runtime/rng.ts';
import type { Blame } from './neighbour/blame.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import type { Outbox } from './outbox.ts';
import type { PieceRanking } from './ranking.ts';

export interface SwarmState {
  readonly geometry: Geometry;
  /** Pieces that this peer has verified and stored. */
  readonly have: Bitfield;
  /** Pieces that were announced and are not here any more; they are not fetched again. */
  readonly lost: Bitfield;
  /** Why, file by file: by the first piece. */
  readonly losses: Map<number, Omit<Loss, 'message'>>;
  readonly neighbours: Map<string, Neighbour>;
  /** Pieces by the number of copies among the neighbours, those under way from us included. */
  readonly copies: PieceRanking;
  readonly outbox: Outbox;
  readonly blame: Blame;
  readonly rng: Rng;
}

/** Whether nothing is left to fetch. */
export const isDone = ({ have, lost }: SwarmState): boolean =>
  have.count + lost.count === have.length;
