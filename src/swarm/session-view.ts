import type { Session } from '../exchange/session.ts';

/** What the rest of a peer may read of a session, which the pump alone steps. */
export type SessionView = Pick<
  Session,
  | 'isComplete'
  | 'missingPieces'
  | 'unavailablePieces'
  | 'listUnavailable'
  | 'neighbourCount'
  | 'hasLeechers'
  | 'isHungry'
  | 'mayLeave'
>;
