// Data of a figure before it is drawn: points that are runs, their medians, and the
// bounds beside them. A run that never came to it stays in its median, as later than all
// others; where that leaves no median the line has a gap.

import { median } from '../../analysis/stats/quantile.ts';
import type { Run } from '../../terms/result.ts';

/** One run at its place in a figure; y is null where it never came to that. */
export interface RunPoint {
  readonly run: Run;
  readonly x: number;
  readonly y: number | null;
}

export interface XY {
  readonly x: number;
  readonly y: number;
}

export interface NamedLine {
  readonly name: string;
  readonly points: readonly XY[];
}

export function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

export const ascending = (values: readonly number[]): number[] =>
  [...new Set(values)].sort((a, b) => a - b);

const byX = (a: XY, b: XY): number => a.x - b.x;

/** NaN of none, and where half of them never came to it: a line breaks there. */
export function medianOf(values: readonly (number | null)[]): number {
  if (values.length === 0) return Number.NaN;
  const middle = median(values.map((value) => value ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(middle) ? middle : Number.NaN;
}

/** One point for each x, ascending. */
export const medianLine = (points: readonly { x: number; y: number | null }[]): XY[] =>
  [...grouped(points, ({ x }) => x)]
    .map(([x, group]) => ({ x, y: medianOf(group.map(({ y }) => y)) }))
    .sort(byX);

/**
 * In seconds, each once although several series share it; none where theory has no word.
 * @param series of each arm
 */
export function boundLines(series: readonly (readonly RunPoint[])[]): NamedLine[] {
  // One point is no line.
  const lines = series.map(boundLine).filter(({ points }) => points.length > 1);
  const longestFirst = lines.toSorted((a, b) => b.points.length - a.points.length);
  return longestFirst.filter(
    (line, i) => !longestFirst.slice(0, i).some((kept) => isPartOf(line, kept)),
  );
}

function boundLine(points: readonly RunPoint[]): NamedLine {
  const bounded = points.filter(({ run }) => run.boundMs > 0);
  const first = [...grouped(bounded, ({ x }) => x).values()].map(([point]) => point!);
  const line = first.map(({ x, run }) => ({ x, y: run.boundMs / 1000 })).sort(byX);
  const last = first.reduce<RunPoint | undefined>(
    (best, point) => (best === undefined || point.x > best.x ? point : best),
    undefined,
  );
  return { name: `bound: ${last?.run.boundName ?? ''}`, points: line };
}

const isPartOf = (line: NamedLine, whole: NamedLine): boolean =>
  line.points.every(({ x, y }) => whole.points.some((point) => point.x === x && point.y === y));

/** `2`, or `2 to 5`: how many runs stand at one place. */
export function countText(counts: readonly number[]): string {
  if (counts.length === 0) return '0';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

/** Number of runs at one x of one series. */
export const runsPerPoint = (series: readonly (readonly RunPoint[])[]): string =>
  countText(
    series.flatMap((points) =>
      [...grouped(points, ({ x }) => x).values()].map(
        (group) => new Set(group.map(({ run }) => run.id)).size,
      ),
    ),
  );
