// A swarm as its contacts, a download and the peer see it. The pump alone steps the session.
import type { Session } from '../exchange/session.ts';
import type { Call } from './member.ts';

/** What others may read of a session. */
export type SessionView = Pick<
  Session,
  | 'have'
  | 'isComplete'
  | 'neighbourCount'
  | 'hasLeechers'
  | 'isHungry'
  | 'unavailablePieces'
  | 'listUnavailable'
  | 'mayLeave'
>;

export interface Neighbourhood {
  readonly view: SessionView;
  has(peer: string): boolean;
  /** Takes over an open stream. Returns where its chunks go; undefined when it was closed. */
  join(call: Call): ((chunk: Uint8Array) => void) | undefined;
}
