// Whom the next free turn of the uplink goes to. The policies are siblings of one
// shape; choking in BEP 3's sense is what a neighbour without a turn sees.
import type { Rng } from '../runtime/rng.ts';
import type { Neighbour } from './neighbour.ts';

/** Picks one of the candidates (all interested, none empty); must not keep state. */
export type Choker = (candidates: Iterable<Neighbour>, rng: Rng) => Neighbour | undefined;

/**
 * The neighbour with the fewest pieces, counting those on their way to it; ties
 * are drawn. Newcomers come first, because an uplink without pieces is idle, and
 * everybody advances together, so that nobody is last for long.
 */
export const pickFewestPieces: Choker = (candidates, rng) => {
  let best: Neighbour | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  let ties = 0;
  for (const neighbour of candidates) {
    const pieces = (neighbour.pieces?.count ?? 0) + neighbour.grants.size;
    if (pieces < fewest) {
      best = neighbour;
      fewest = pieces;
      ties = 1;
    } else if (pieces === fewest && rng.below(++ties) === 0) {
      best = neighbour;
    }
  }
  return best;
};
