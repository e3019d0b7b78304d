// Summaries of a handful of runs. A run is the unit of replication, never a
// receiver within one. The range is always shown; an interval only of five runs or more
// (stats/interval.ts).
import { invariant } from '../../../runtime/invariant.ts';

export interface Range {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996). */
export function quantile(values: readonly number[], q: number): number {
  invariant(values.length > 0 && q >= 0 && q <= 1, 'a quantile needs values, and q in [0, 1]');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  const part = at - Math.floor(at);
  // In this form an infinite value stays infinite, and is not NaN.
  return part === 0 ? low : low * (1 - part) + high * part;
}

/** A time, or null of what never finished: later than every time, and never left out. */
export type Censored = number | null;

/**
 * Null where the quantile falls on what never finished, or between that and a time: all
 * that is known of it is that it is later.
 */
export function censoredQuantile(values: readonly Censored[], q: number): Censored {
  const at = quantile(
    values.map((value) => value ?? Number.POSITIVE_INFINITY),
    q,
  );
  return at === Number.POSITIVE_INFINITY ? null : at;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Undefined of nothing, so that a figure is left out and not drawn as 0. */
export function rangeOf(values: readonly number[]): Range | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Median and range of `over[i] / under[i]`, pair by pair: what disturbed both runs of a
 * pair cancels out. The median is taken of logarithms, so that twice and half are equally far off.
 */
export function pairedRatios(over: readonly number[], under: readonly number[]): Range | undefined {
  const pairs = Math.min(over.length, under.length);
  const ratios = Array.from({ length: pairs }, (_, i) => over[i]! / under[i]!);
  const range = rangeOf(ratios);
  return range && { ...range, median: Math.exp(median(ratios.map(Math.log))) };
}
