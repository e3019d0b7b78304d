// The ratios of a break-even map as a grid, and the line through it on which both take
// as long.
import type { Cell, Comparison, ScenarioResult } from '../../terms/result.ts';
import type { Architecture } from '../../terms/scenario.ts';
import { ascending } from '../data/series.ts';

/** The architecture that a server is held against. */
export type Challenger = Exclude<Architecture, 'server'>;

/** Places count from 0 along each axis. */
export interface GridCell {
  readonly i: number;
  readonly j: number;
  /** Makespan of the server over that of the challenger; null where it is not known. */
  readonly ratio: number | null;
  readonly pairs: number;
}

export interface Grid {
  readonly receivers: readonly number[];
  readonly fileBytes: readonly number[];
  readonly cells: readonly GridCell[];
}

interface Found {
  readonly receivers: number;
  readonly fileBytes: number;
  readonly ratio: number | null;
  readonly pairs: number;
}

const architectureOf = ({ scenario }: ScenarioResult, arm: string): string | undefined =>
  scenario.arms.find(({ id }) => id === arm)?.architecture;

const at = ({ point }: Pick<Cell, 'point'>): { receivers: unknown; fileBytes: unknown } => ({
  receivers: point.receivers,
  fileBytes: point.fileBytes,
});

/** Ratio of server over challenger, whichever of them the comparison divides by. */
function found(result: ScenarioResult, comparison: Comparison, challenger: Challenger): Found[] {
  const { arm, against, ratio, pairs } = comparison;
  const { receivers, fileBytes } = at(comparison);
  const pair = `${architectureOf(result, arm)}/${architectureOf(result, against)}`;
  if (typeof receivers !== 'number' || typeof fileBytes !== 'number') return [];
  const place = { receivers, fileBytes, pairs };
  const median = ratio?.median ?? null;
  if (pair === `server/${challenger}`) return [{ ...place, ratio: median }];
  if (pair === `${challenger}/server`)
    return [{ ...place, ratio: median === null ? null : 1 / median }];
  return [];
}

export function gridOf(result: ScenarioResult, challenger: Challenger): Grid {
  const all = result.comparisons.flatMap((comparison) => found(result, comparison, challenger));
  const receivers = ascending(all.map((one) => one.receivers));
  const fileBytes = ascending(all.map((one) => one.fileBytes));
  const cells = all.map(({ ratio, pairs, ...place }) => ({
    i: receivers.indexOf(place.receivers),
    j: fileBytes.indexOf(place.fileBytes),
    ratio,
    pairs,
  }));
  return { receivers, fileBytes, cells };
}

interface Segment {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/**
 * Where the ratio is 1, between the middles of cells: by marching squares over its
 * logarithm, for which twice and half are equally far off. Where four cells leave it open
 * how the line runs, its two parts are cut off at the same pair of corners.
 */
export function breakEvenLine({ cells }: Grid): Segment[] {
  const value = (i: number, j: number): number | undefined => {
    const ratio = cells.find((cell) => cell.i === i && cell.j === j)?.ratio;
    return ratio == null || ratio <= 0 ? undefined : Math.log(ratio);
  };
  return cells.flatMap(({ i, j }) => {
    const corners = [
      [i, j],
      [i + 1, j],
      [i + 1, j + 1],
      [i, j + 1],
    ] as const;
    const values = corners.map(([x, y]) => value(x, y));
    if (values.some((corner) => corner === undefined)) return [];
    const crossings = corners.flatMap(([x, y], k) => {
      const [toX, toY] = corners[(k + 1) % 4]!;
      const [a, b] = [values[k]!, values[(k + 1) % 4]!];
      // 0 counts as won by the challenger, so that a line through a middle is found once.
      if (a >= 0 === b >= 0) return [];
      const part = a / (a - b);
      return [{ x: x + part * (toX - x), y: y + part * (toY - y) }];
    });
    return segments(crossings);
  });
}

function segments(crossings: readonly { x: number; y: number }[]): Segment[] {
  return Array.from({ length: crossings.length / 2 }, (_, k) => {
    const [a, b] = [crossings[2 * k]!, crossings[2 * k + 1]!];
    return { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
  });
}
