// Whom the next turn of the uplink goes to. The policies are siblings of one shape;
// choking in BEP 3's sense is what a neighbour without a turn sees.
import type { Rng } from '../runtime/rng.ts';
import type { Neighbour } from './neighbour.ts';

/**
 * Picks one of the candidates (all interested, none empty); must not keep state.
 *
 * @param now the caller's clock, in milliseconds
 */
export type Choker = (
  candidates: Iterable<Neighbour>,
  rng: Rng,
  now: number,
) => Neighbour | undefined;

/**
 * One turn in so many goes to somebody who gave nothing, or else a peer whose first
 * piece nobody lacks would never get a chance. What free riders get by it is lost to
 * the others, so it is little. Chosen: with half of 16 receivers free riders, one in
 * 16 cost the others 4 % more time, and one in 64 spared them 1 %.
 */
const OPTIMISTIC_ONE_IN = 32;
/** Decayed pieces that count as having given: one, for some 60 s. */
const LEAST_CREDIT = 0.05;

/**
 * The neighbour with the fewest pieces, counting those on their way to it; ties
 * are drawn. Newcomers come first, because an uplink without pieces is idle, and
 * everybody advances together, so that nobody is last for long.
 */
const pickFewestPieces: Choker = (candidates, rng) => pickLeast(candidates, rng, piecesSoon);

/**
 * Whoever gave most for what it got. Who has nothing at all comes before, since only
 * then can it give; others who gave nothing get a turn now and then, and those turns
 * that nobody else wants.
 */
const pickReciprocal: Choker = (candidates, rng, now) => {
  const strangers: Neighbour[] = [];
  const givers: Neighbour[] = [];
  for (const neighbour of candidates) {
    (neighbour.credit.at(now) < LEAST_CREDIT ? strangers : givers).push(neighbour);
  }
  const newcomers = strangers.filter((neighbour) => piecesSoon(neighbour) === 0);
  if (newcomers.length > 0) return newcomers[rng.below(newcomers.length)];
  const optimistic = strangers.length > 0 && rng.below(OPTIMISTIC_ONE_IN) === 0;
  if (givers.length === 0 || optimistic) {
    return pickLeast(strangers, rng, (neighbour) => servedSoon(neighbour, now));
  }
  return pickLeast(
    givers,
    rng,
    (neighbour) => (servedSoon(neighbour, now) + 1) / neighbour.credit.at(now),
  );
};

export const CHOKERS = { cooperative: pickFewestPieces, 'tit-for-tat': pickReciprocal } as const;

export type ChokerName = keyof typeof CHOKERS;

/** With those it got from us and does not tell of. */
function piecesSoon({ pieces, grants, unacknowledged }: Neighbour): number {
  return (pieces?.count ?? 0) + grants.size + unacknowledged.size;
}

function servedSoon(neighbour: Neighbour, now: number): number {
  return neighbour.served.at(now) + neighbour.grants.size;
}

/** The one with the least figure; ties are drawn. */
function pickLeast(
  candidates: Iterable<Neighbour>,
  rng: Rng,
  figureOf: (neighbour: Neighbour) => number,
): Neighbour | undefined {
  let best: Neighbour | undefined;
  let least = Number.POSITIVE_INFINITY;
  let ties = 0;
  for (const neighbour of candidates) {
    const figure = figureOf(neighbour);
    if (figure < least) {
      best = neighbour;
      least = figure;
      ties = 1;
    } else if (figure === least && rng.below(++ties) === 0) {
      best = neighbour;
    }
  }
  return best;
}
