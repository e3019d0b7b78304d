// Two results of the same experiment, compared cell by cell, changed claims first.
// Ranges that do not overlap are told, since a ratio of medians alone says little of a
// handful of runs; and so is what was different to begin with.
import type { MetricName } from '../terms/metric.ts';
import { type Point, pointText } from '../terms/planned-run.ts';
import type { Cell, Claim, Result, Summary } from '../terms/result.ts';

export const DIFF_METRICS = [
  'makespanMs',
  'originCopies',
  'reach',
  'cpuSecondsPerGib',
] satisfies MetricName[];

interface ClaimChange {
  readonly scenario: string;
  readonly id: string;
  readonly text: string;
  /** Null: not made there. */
  readonly a: Claim['state'] | null;
  readonly b: Claim['state'] | null;
}

export interface FigureChange {
  readonly metric: MetricName;
  /** Medians; null: never came to it. */
  readonly a: number | null;
  readonly b: number | null;
  /** b over a; null where that says nothing. */
  readonly ratio: number | null;
  /** Whether both intervals overlap, or both ranges where an interval is missing. */
  readonly overlap: boolean;
}

export interface CellChange {
  readonly scenario: string;
  readonly arm: string;
  readonly point: Point;
  readonly figures: readonly FigureChange[];
}

interface Difference {
  readonly what: string;
  readonly a: string;
  readonly b: string;
}

export interface Diff {
  /** Claims that are not what they were; the worst first. */
  readonly claims: readonly ClaimChange[];
  readonly cells: readonly CellChange[];
  /** Keys of cells that only one result has. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
  /** Settings and machine. */
  readonly differing: readonly Difference[];
  /** A claim that held in `a` fails in `b`. */
  readonly worse: boolean;
}

export function diffResults(a: Result, b: Result): Diff {
  const [cellsA, cellsB] = [cellsOf(a), cellsOf(b)];
  const claims = claimChanges(a, b);
  const missingIn = (other: ReadonlyMap<string, unknown>, cells: ReadonlyMap<string, unknown>) =>
    [...cells.keys()].filter((key) => !other.has(key));
  return {
    claims,
    cells: [...cellsA].flatMap(([key, one]) => {
      const other = cellsB.get(key);
      return other ? [cellChange(one, other.cell)] : [];
    }),
    onlyA: missingIn(cellsB, cellsA),
    onlyB: missingIn(cellsA, cellsB),
    differing: differences(a, b),
    worse: claims.some(isWorse),
  };
}

interface Placed {
  readonly scenario: string;
  readonly cell: Cell;
}

const cellsOf = ({ scenarios }: Result): Map<string, Placed> =>
  new Map(
    scenarios.flatMap(({ scenario: { id }, cells }) =>
      cells.map((cell) => [
        [id, pointText(cell.point), cell.arm].join('/'),
        { scenario: id, cell },
      ]),
    ),
  );

function cellChange({ scenario, cell }: Placed, other: Cell): CellChange {
  const figures = DIFF_METRICS.flatMap((metric) => {
    const [a, b] = [cell.metrics[metric], other.metrics[metric]];
    return a && b ? [figureChange(metric, a, b)] : [];
  });
  return { scenario, arm: cell.arm, point: cell.point, figures };
}

function figureChange(metric: MetricName, a: Summary, b: Summary): FigureChange {
  const ratio = a.median && b.median !== null ? b.median / a.median : null;
  return { metric, a: a.median, b: b.median, ratio, overlap: overlaps(a, b) };
}

/** Later than all others where it never came to it. */
function overlaps(a: Summary, b: Summary): boolean {
  const both = a.interval !== null && b.interval !== null;
  const [lowA, highA] = endsOf(a, both);
  const [lowB, highB] = endsOf(b, both);
  return lowA <= highB && lowB <= highA;
}

function endsOf({ interval, min, max, censored }: Summary, asInterval: boolean): [number, number] {
  if (asInterval && interval) return interval;
  const never = Number.POSITIVE_INFINITY;
  return [min ?? never, censored > 0 ? never : (max ?? never)];
}

const isWorse = ({ a, b }: ClaimChange): boolean => a === 'holds' && b === 'fails';

function claimChanges(a: Result, b: Result): ClaimChange[] {
  const key = ({ scenario, id }: Claim): string => `${scenario}/${id}`;
  const [inA, inB] = [a, b].map(
    ({ claims }) => new Map(claims.map((claim) => [key(claim), claim])),
  );
  const changes = [...new Set([...inA!.keys(), ...inB!.keys()])].flatMap((at): ClaimChange[] => {
    const [one, other] = [inA!.get(at), inB!.get(at)];
    if (one?.state === other?.state) return [];
    const { scenario, id, text } = (other ?? one)!;
    return [{ scenario, id, text, a: one?.state ?? null, b: other?.state ?? null }];
  });
  return changes.sort((one, other) => Number(isWorse(other)) - Number(isWorse(one)));
}

function differences(a: Result, b: Result): Difference[] {
  const [flatA, flatB] = [circumstances(a), circumstances(b)];
  return [...new Set([...Object.keys(flatA), ...Object.keys(flatB)])]
    .map((what) => ({ what, a: flatA[what] ?? '-', b: flatB[what] ?? '-' }))
    .filter((difference) => difference.a !== difference.b);
}

/** What may explain a difference; load is not the same at any two times. */
function circumstances({ tool, profile, seed, fileName, base, environment, scenarios }: Result) {
  const { loadAverage: _, foreignCpuShareBefore: __, network: ___, ...machine } = environment;
  const settings = scenarios.flatMap(({ scenario, skipped }): [string, unknown][] => [
    ...Object.entries(scenario.setting).map(([key, value]): [string, unknown] => [
      `${scenario.id}.${key}`,
      value,
    ]),
    ...(skipped === null ? [] : [[`${scenario.id} skipped`, skipped] as [string, unknown]]),
  ]);
  const all: Record<string, unknown> = {
    version: tool.version,
    profile,
    seed,
    fileName,
    ...machine,
    ...base,
    ...Object.fromEntries(settings),
  };
  return Object.fromEntries(
    Object.entries(all).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
