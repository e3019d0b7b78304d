// Turns of which nothing comes. Whoever wastes them is offered the next ever later:
// who sleeps, or only seems to want pieces, cannot keep the uplink from the others.
import type { Neighbour } from './neighbour.ts';

/** What such a turn counts: one declined at once held nobody up. */
const WASTE = { declined: 1, cancelled: 2, letLie: 4 } as const;

/** What costs nothing until a turn leads to a have; beyond it each count doubles the wait. */
const FREE_WASTE = 8;
const WAIT_MS = 125;
const LONGEST_WAIT_MS = 30_000;

export function noteWaste(neighbour: Neighbour, kind: keyof typeof WASTE, now: number): void {
  neighbour.waste += WASTE[kind];
  const over = neighbour.waste - FREE_WASTE;
  if (over <= 0) return;
  neighbour.turnsFrom = now + Math.min(WAIT_MS * 2 ** over, LONGEST_WAIT_MS);
}

/** A turn led to a have. */
export function forgetWaste(neighbour: Neighbour, now: number): void {
  neighbour.turnsDone++;
  neighbour.waste = 0;
  neighbour.turnsFrom = now;
}
