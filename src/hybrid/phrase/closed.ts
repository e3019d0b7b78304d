import type { Peer } from '../../peer/peer.ts';

/** A peer that was started for one share. */
export interface Closed {
  readonly peer: Peer;
  /** The set that the peer was started with. */
  readonly circle: Set<string>;
}
