// Whether a point has been repeated enough: the stop rule of a schedule. What is asked is
// how many times as long each arm takes as the first one, pair by pair, so that what both
// runs of a pair suffered cancels out; a single arm stands for itself. The threshold is
// chosen here, before any result is looked at.
import { createRng } from '../../runtime/rng.ts';
import {
  type Interval,
  LEAST_RUNS,
  medianInterval,
  ratioInterval,
} from '../analysis/stats/interval.ts';
import type { Censored } from '../analysis/stats/quantile.ts';

/** Half width of the interval on a log scale: about 10 % of the ratio. */
const HALF_WIDTH = 0.1;

/** Makespans of one repetition, one for each arm; null: not all completed. */
export type Makespans = readonly Censored[];

export interface Spread {
  /** Repetitions that every arm has been through. */
  readonly pairs: number;
  /** Half of the interval of the arm that is least sure; infinite while there are too few. */
  readonly halfWidth: number;
}

/** @param repetitions whole ones only */
export function spreadOf(repetitions: readonly Makespans[]): Spread {
  const pairs = repetitions.length;
  if (pairs < LEAST_RUNS) return { pairs, halfWidth: Number.POSITIVE_INFINITY };
  const [first, ...others] = repetitions[0]!.map((_, arm) =>
    repetitions.map((makespans) => makespans[arm]!),
  );
  // The same draw each time: a schedule must not depend on chance.
  const widths =
    others.length === 0
      ? [halfWidth(medianInterval(first!, createRng(1)))]
      : others.map((over) =>
          neitherEver(over, first!) ? 0 : halfWidth(ratioInterval(over, first!, createRng(1))),
        );
  return { pairs, halfWidth: Math.max(...widths) };
}

export const isSettled = ({ halfWidth }: Spread): boolean => halfWidth < HALF_WIDTH;

/** Has no ratio, and is as sure as can be. */
const neitherEver = (over: readonly Censored[], under: readonly Censored[]): boolean =>
  [...over, ...under].every((makespan) => makespan === null);

function halfWidth(interval: Interval | undefined): number {
  if (!interval) return Number.POSITIVE_INFINITY;
  const { low, high } = interval;
  // Also of what never completes, again and again.
  if (low === high) return 0;
  return low === null || high === null || low === 0
    ? Number.POSITIVE_INFINITY
    : Math.log(high / low) / 2;
}
