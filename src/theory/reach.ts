// The single point of failure: which share of the receivers completes when the origin
// dies for good after it has sent k copies of the file (its bytes over the file's), and
// everybody else lives on. Nobody starts with a byte.
//
// Both server lines count bytes. The swarm's: those left complete if and only if every
// piece has left, so never before k = 1; an origin that sends every piece once before
// any twice (rarest first, as seen by an origin) is there at k = 1. The random picker's
// line is the collection of coupons, see coupons.ts.
import { everyPieceOut } from './coupons.ts';

export type Service = 'server' | 'serial server' | 'mirrored server' | 'swarm' | 'random swarm';

export interface Crowd {
  readonly receivers: number;
  readonly pieces: number;
}

/** Expected reach of a random swarm, which is all or nothing; exact reach of the others. */
export const REACH: Readonly<Record<Service, (copies: number, crowd: Crowd) => number>> = {
  /** Fair sharing: all are done at the same moment, the last. */
  server: (copies, { receivers }) => (copies >= receivers ? 1 : 0),
  'serial server': (copies, { receivers }) => Math.min(Math.floor(copies), receivers) / receivers,
  /** Clients that know of another server with the file go on there. */
  'mirrored server': () => 1,
  swarm: (copies) => (copies >= 1 ? 1 : 0),
  'random swarm': (copies, { receivers, pieces }) => everyPieceOut(pieces, receivers, copies),
};
