// When a complete peer may leave: when the neighbours that still fetch have every piece among
// them. A peer that left with the last copy of a piece would leave all others without it for
// good. Usually a moment later another peer has it. A complete peer does not hear what its
// neighbours get from one another (see session.ts), but it hears whether they still want
// something from it. The wait is bounded: a neighbour that never takes a piece must not hold
// a peer for ever.
import type { SwarmState } from './state.ts';

/** The longest wait of a peer that alone has a piece. Chosen: many times what a piece takes. */
const PARTING_MS = 30_000;
/** After this time each neighbour has said whether it wants our last piece. Chosen. */
const HEARD_MS = 1000;
/** How often to ask `mayLeave`: the answer depends on other peers. */
export const PARTING_LOOK_MS = 100;

/** @param sinceMs for how long the complete peer has wanted to leave */
export function mayLeave({ have, neighbours }: SwarmState, sinceMs: number): boolean {
  if (sinceMs >= PARTING_MS) return true;
  const others = [...neighbours.values()];
  if (sinceMs >= HEARD_MS && !others.some(({ taker }) => taker.isTaking)) return true;
  const lacking = others.filter(({ pieces }) => pieces && !pieces.isFull);
  // Complete neighbours do not count. One may be about to leave as well, and each would rely
  // on the other. And an origin may die: that is what this is for.
  if (lacking.length === 0) return true;
  for (const piece of have) if (!lacking.some((other) => other.has(piece))) return false;
  return true;
}
