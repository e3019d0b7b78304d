// Which neighbour gets the next grant of the uplink. The policies have one signature. A
// neighbour that gets no grant is what BEP 3 calls choked.
import type { Rng } from '../runtime/rng.ts';

/** A neighbour that may get a grant, as far as a choker decides by it. */
interface Candidate {
  /** Number of its pieces, with those that it gets from us. */
  readonly piecesSoon: number;
  readonly taker: {
    /** Pieces that it gave us, older ones counted less. */
    readonly credit: { at(now: number): number };
    /** Pieces that it got from us, older ones counted less, with those on their way. */
    servedSoon(now: number): number;
  };
}

/**
 * Picks one of the candidates (all interested); undefined if there is none. Keeps no state.
 *
 * @param now the caller's clock, in milliseconds
 */
type Pick = <C extends Candidate>(candidates: Iterable<C>, rng: Rng, now: number) => C | undefined;

export interface Choker {
  readonly pick: Pick;
  /**
   * Whether complete neighbours are told of our pieces, and haves of our neighbours count when
   * we are complete: that shows who gives. A cooperative peer does better without: what six
   * neighbours have is not what the swarm has. Simulated, 64 receivers came to 0.90 of the
   * bound with it and to 0.95 without.
   */
  readonly tellsSeeds: boolean;
}

/**
 * One grant in 32 goes to a neighbour that gave nothing (BEP 3: optimistic unchoke).
 * Otherwise a peer whose first piece nobody lacks would never get a chance. Free riders
 * profit at the others' cost, so it is rare. Chosen: with half of 16 receivers free riders,
 * one in 16 cost the others 4 % more time, and one in 64 saved them 1 %.
 */
const OPTIMISTIC_ONE_IN = 32;
/** A neighbour with less decayed credit gave nothing: one piece counts for some 60 s. */
const LEAST_CREDIT = 0.05;

/**
 * Picks the neighbour with the fewest pieces, those on their way to it included; ties are
 * random. So newcomers come first, because the uplink of a peer without pieces is idle, and
 * all advance together.
 */
const pickFewestPieces: Pick = (candidates, rng) =>
  pickLeast(candidates, rng, ({ piecesSoon }) => piecesSoon);

/**
 * Picks the neighbour that gave most for what it got. A neighbour without any piece comes
 * before: it cannot give yet. Others that gave nothing get one grant in 32, and those that
 * no giver wants.
 */
const pickReciprocal: Pick = <C extends Candidate>(
  candidates: Iterable<C>,
  rng: Rng,
  now: number,
) => {
  const strangers: C[] = [];
  const givers: C[] = [];
  for (const neighbour of candidates) {
    (neighbour.taker.credit.at(now) < LEAST_CREDIT ? strangers : givers).push(neighbour);
  }
  const newcomers = strangers.filter(({ piecesSoon }) => piecesSoon === 0);
  if (newcomers.length > 0) return newcomers[rng.below(newcomers.length)];
  const optimistic = strangers.length > 0 && rng.below(OPTIMISTIC_ONE_IN) === 0;
  if (givers.length === 0 || optimistic) {
    return pickLeast(strangers, rng, ({ taker }) => taker.servedSoon(now));
  }
  return pickLeast(givers, rng, ({ taker }) => (taker.servedSoon(now) + 1) / taker.credit.at(now));
};

export const CHOKERS = {
  cooperative: { pick: pickFewestPieces, tellsSeeds: false },
  'tit-for-tat': { pick: pickReciprocal, tellsSeeds: true },
} as const satisfies Record<string, Choker>;

export type ChokerName = keyof typeof CHOKERS;

/** The candidate with the least figure; ties are random. */
function pickLeast<C extends Candidate>(
  candidates: Iterable<C>,
  rng: Rng,
  figureOf: (candidate: C) => number,
): C | undefined {
  let best: C | undefined;
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
