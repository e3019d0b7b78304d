// Which runs stand apart: by the modified z-score 0.6745 (x - median) / MAD, beyond 3.5
// (B. Iglewicz, D. Hoaglin, How to Detect and Handle Outliers, ASQC 1993). They are marked
// for a reader's eye and never removed: what disturbed one run is part of what was measured.
// Fewer than five values have no outliers, as chance alone would mark too many: one of three
// normal values in 28 % of trials, 5 % of five values, 0.7 % of twenty.
import { type Censored, median } from './quantile.ts';

const LEAST_VALUES = 5;
const THRESHOLD = 3.5;
/** The MAD of a normal distribution in its standard deviations. */
const MAD_OF_NORMAL = 0.6745;
/** Standard deviations of a normal distribution in its mean absolute deviation. */
const PER_MEAN_DEVIATION = 1.253314;

/** Whether each value is an outlier. A run that never finished (null) is one if most others did. */
export function markOutliers(values: readonly Censored[]): boolean[] {
  const times = values.map((value) => value ?? Number.POSITIVE_INFINITY);
  if (values.length < LEAST_VALUES) return times.map(() => false);
  const centre = median(times);
  if (centre === Number.POSITIVE_INFINITY) return times.map(() => false);
  const deviations = times.map((time) => Math.abs(time - centre));
  const scale = standardDeviation(deviations);
  return deviations.map(
    (deviation) => deviation === Number.POSITIVE_INFINITY || deviation > THRESHOLD * scale,
  );
}

/**
 * Estimated robustly. More than half of the values can be the same, and the MAD 0; then, as
 * in IBM's definition of the modified z-score, from the mean absolute deviation.
 */
function standardDeviation(deviations: readonly number[]): number {
  const mad = median(deviations);
  if (mad > 0) return mad / MAD_OF_NORMAL;
  const known = deviations.filter(Number.isFinite);
  return PER_MEAN_DEVIATION * (known.reduce((sum, value) => sum + value, 0) / known.length);
}
