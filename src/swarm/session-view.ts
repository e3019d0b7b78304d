import type { Session } from '../exchange/session.ts';

/** The part of a session that the rest of a peer may read. Only the pump steps the session. */
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
