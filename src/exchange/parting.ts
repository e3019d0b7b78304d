// When a peer that is done may go: when those who still fetch have every piece among them.
// One that took the last copy of a piece along would leave all others without it for good,
// though they lack nothing else; a moment later somebody has it. A complete peer does not hear what its neighbours get from one another (see
// session.ts), but it hears whether they still want something of it. Bounded: a neighbour
// that never takes a piece must not hold anybody.
import type { Neighbour } from './neighbour.ts';
import type { SwarmState } from './state.ts';

/** For who alone has a piece. Chosen: many times what a piece takes. */
const PARTING_MS = 30_000;
/** Until who wants the last piece that came here has surely said so. Chosen. */
const HEARD_MS = 1000;
/** How often to ask; what changes it are other peers. */
export const PARTING_LOOK_MS = 100;

/** @param sinceMs for how long the peer, complete, has wanted to go */
export function mayLeave({ have, neighbours }: SwarmState, sinceMs: number): boolean {
  if (sinceMs >= PARTING_MS) return true;
  const others = [...neighbours.values()];
  if (sinceMs >= HEARD_MS && !others.some(isTaking)) return true;
  const lacking = others.filter(({ pieces }) => pieces && !pieces.isFull);
  // Who is whole does not count: it may be about to go as well, and each would leave it to
  // the other; and an origin that dies is what this is for.
  if (lacking.length === 0) return true;
  for (const piece of have) if (!lacking.some((other) => other.has(piece))) return false;
  return true;
}

/** It wants something, or it is on its way to it. */
function isTaking({ peerInterested, unacknowledged, grants }: Neighbour): boolean {
  if (peerInterested || unacknowledged.size > 0) return true;
  for (const { piece } of grants.values()) if (piece !== undefined) return true;
  return false;
}
