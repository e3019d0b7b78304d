// Whether a point has been repeated enough: the stop rule of a schedule. What is asked is
// how many times as long each arm takes as the first one, pair by pair, so that what both
// runs of a pair suffered cancels out; a single arm stands for itself. Thresholds are
// chosen here, before any result is looked at.
import { createRng } from '../runtime/rng.ts';
import { median, quantile } from './stats.ts';

export const SETTLED = {
  /** With fewer, an interval says more about the method than about the runs. */
  pairs: 5,
  /** Of the logarithm, which is a tenth of the ratio. */
  halfWidth: 0.1,
  confidence: 0.95,
} as const;

/** Enough for a quantile at 2.5 % to have fifty resamples below it. */
const RESAMPLES = 2000;

/** Makespans of one repetition by arm, first arm first; null: not all completed. */
export type Makespans = readonly (number | null)[];

export interface Spread {
  /** Repetitions that every arm has been through. */
  readonly pairs: number;
  /** Half of the interval of the arm that is least sure; infinite while there are too few. */
  readonly halfWidth: number;
}

/** @param repetitions whole ones only */
export function spreadOf(repetitions: readonly Makespans[]): Spread {
  const pairs = repetitions.length;
  if (pairs < SETTLED.pairs) return { pairs, halfWidth: Number.POSITIVE_INFINITY };
  const arms = repetitions[0]!.length;
  const widths = Array.from({ length: Math.max(1, arms - 1) }, (_, i) =>
    halfWidth(
      repetitions.map((makespans) =>
        arms === 1 ? logOf(makespans[0]!) : logRatio(makespans[i + 1]!, makespans[0]!),
      ),
    ),
  );
  return { pairs, halfWidth: Math.max(...widths) };
}

export const isSettled = ({ halfWidth }: Spread): boolean => halfWidth < SETTLED.halfWidth;

/** Who never completes is later than all others. */
const logOf = (ms: number | null): number =>
  ms === null ? Number.POSITIVE_INFINITY : Math.log(ms);

function logRatio(over: number | null, under: number | null): number {
  // Both never: neither is ahead.
  return over === null && under === null ? 0 : logOf(over) - logOf(under);
}

function halfWidth(values: readonly number[]): number {
  // Also of what never completes, again and again: that is as sure as can be.
  if (values.every((value) => value === values[0])) return 0;
  if (!values.every(Number.isFinite)) return Number.POSITIVE_INFINITY;
  // The same draw each time: a schedule must not depend on chance.
  const rng = createRng(1);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[rng.below(values.length)]!)),
  );
  const tail = (1 - SETTLED.confidence) / 2;
  return (quantile(medians, 1 - tail) - quantile(medians, tail)) / 2;
}
