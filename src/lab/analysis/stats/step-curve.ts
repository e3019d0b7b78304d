// Curves that jump, of one run each (how many had completed by then, how many copies a
// piece had), and the band of several runs: at every moment the median, the least and the
// most. A run that ended early keeps its last value, so one whose receivers never finished
// stays below 1 and holds the band down.

import { type Censored, median } from './quantile.ts';

/** The value is y from each x on, and 0 before the first; x ascends. */
export type StepCurve = readonly (readonly [x: number, y: number])[];

export interface BandPoint {
  /** Start of this step; the next point starts the next. */
  readonly x: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The share that had completed by each time, of all that started. */
export function completionCurve(times: readonly Censored[]): StepCurve {
  const done = times.filter((time) => time !== null).sort((a, b) => a - b);
  return done
    .map((time, i) => [time, (i + 1) / times.length] as const)
    .filter(([time], i) => time !== done[i + 1]);
}

/** A point at every x where a curve jumps. */
export function bandOf(curves: readonly StepCurve[]): BandPoint[] {
  const jumps = new Set(curves.flatMap((curve) => curve.map(([x]) => x)));
  const values = curves.map(() => 0);
  const next = curves.map(() => 0);
  return [...jumps]
    .sort((a, b) => a - b)
    .map((x) => {
      curves.forEach((curve, i) => {
        for (let at = curve[next[i]!]; at !== undefined && at[0] <= x; at = curve[++next[i]!]) {
          values[i] = at[1];
        }
      });
      return { x, median: median(values), min: Math.min(...values), max: Math.max(...values) };
    });
}
