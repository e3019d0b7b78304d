// Turns of which nothing comes. Whoever wastes them is offered the next ever later:
// who sleeps, or only seems to want pieces, cannot keep the uplink from the others.
import type { Grant, Neighbour } from './neighbour.ts';

/** What such a turn counts: one declined at once held nobody up. */
const WASTE = { declined: 1, cancelled: 2, letLie: 4 } as const;

/** What costs nothing until a turn leads to a have; beyond it each count doubles the wait. */
const FREE_WASTE = 8;
const WAIT_MS = 125;
const LONGEST_WAIT_MS = 30_000;

export function noteWaste(
  neighbour: Neighbour,
  grant: Grant,
  kind: keyof typeof WASTE,
  now: number,
): void {
  // Over a link that is down all that is open lies: that is one chance gone by, not many.
  if (grant.offeredAt < neighbour.letLieAt) return;
  if (kind === 'letLie') neighbour.letLieAt = now;
  neighbour.waste += WASTE[kind];
  const over = neighbour.waste - FREE_WASTE;
  if (over <= 0) return;
  neighbour.turnsFrom = now + Math.min(WAIT_MS * 2 ** over, LONGEST_WAIT_MS);
}

/** It answers, however late: it was silent, and what it says next must not cost it a long wait. */
export function forgiveSilence(neighbour: Neighbour, now: number): void {
  neighbour.waste = Math.min(neighbour.waste, FREE_WASTE);
  neighbour.turnsFrom = now;
}

/** A turn led to a have. */
export function forgetWaste(neighbour: Neighbour, now: number): void {
  neighbour.turnsDone++;
  neighbour.waste = 0;
  neighbour.turnsFrom = now;
}
