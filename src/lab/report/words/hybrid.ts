// A hub that is a peer too, held against the two that it joins: where it wins, and where not. From
// measured values alone; less than 5 % is neither.
import { pairedRatios } from '../../analysis/stats/quantile.ts';
import { secondsText, timesText } from '../../terms/amount-text.ts';
import type { Point } from '../../terms/planned-run.ts';
import type { Cell, Result, Run, ScenarioResult } from '../../terms/result.ts';
import type { Architecture } from '../../terms/scenario.ts';
import { cellAt, headArm, medianAt, medianOfRuns, runsOf, samePoint } from '../data/lookup.ts';
import { metricText } from './metric-text.ts';
import { pointText } from './point-text.ts';

/** Ratios nearer to 1 are noise of few runs. */
const APART = 0.05;

const OTHERS = ['swarm', 'server'] as const;
type Other = (typeof OTHERS)[number];

/** One point of a scenario at which it was run. */
export interface HybridPoint {
  readonly result: ScenarioResult;
  readonly point: Point;
  readonly hybrid: Cell;
  readonly swarm: Cell | undefined;
  readonly server: Cell | undefined;
}

/** In the order of the page. */
export const hybridPoints = (result: Result): HybridPoint[] =>
  result.scenarios.flatMap((shown) => {
    const arm = headArm(shown, 'hybrid')?.id;
    return shown.cells
      .filter((cell) => cell.arm === arm)
      .map((hybrid) => ({
        result: shown,
        point: hybrid.point,
        hybrid,
        swarm: headCell(shown, 'swarm', hybrid.point),
        server: headCell(shown, 'server', hybrid.point),
      }));
  });

const headCell = (
  result: ScenarioResult,
  architecture: Architecture,
  point: Point,
): Cell | undefined => cellAt(result, headArm(result, architecture)?.id ?? '', point);

export interface HybridOutcome {
  readonly wins: readonly string[];
  readonly losses: readonly string[];
}

export function hybridOutcome(result: Result): HybridOutcome {
  const points = hybridPoints(result);
  const scenarios = [...new Set(points.map((point) => point.result))];
  const found = scenarios.flatMap((shown) => {
    const of = points.filter((point) => point.result === shown);
    const runs = runsOf(result, shown);
    return OTHERS.flatMap((other) => [
      ...reached(shown, of, other),
      ...times(shown, of, other, runs),
      ...sent(shown, of, other),
      ...cost(shown, of, other, runs),
    ]);
  });
  const of = (isWin: boolean): string[] =>
    found.filter((one) => one.isWin === isWin).map(({ text }) => text);
  return { wins: of(true), losses: of(false) };
}

interface Finding {
  readonly isWin: boolean;
  readonly text: string;
}

/** One line for each way it goes, with all points of that way. */
function lines(head: string, at: readonly Finding[]): Finding[] {
  return [true, false].flatMap((isWin) => {
    const texts = at.filter((one) => one.isWin === isWin).map(({ text }) => text);
    return texts.length === 0 ? [] : [{ isWin, text: `${head}: ${texts.join('; ')}` }];
  });
}

const where = (point: Point): string => {
  const text = pointText(point);
  return text && ` at ${text}`;
};

function reached(result: ScenarioResult, points: readonly HybridPoint[], other: Other): Finding[] {
  const at = points.flatMap(({ point, hybrid, [other]: cell }): Finding[] => {
    const [own, its] = [medianAt(hybrid, 'reach'), cell ? medianAt(cell, 'reach') : null];
    if (own === null || its === null || own === its) return [];
    const text = `${metricText('reach', own)} against ${metricText('reach', its)}${where(point)}`;
    return [{ isWin: own > its, text }];
  });
  return lines(`who completes, against the ${other} (${result.scenario.id})`, at);
}

function times(
  result: ScenarioResult,
  points: readonly HybridPoint[],
  other: Other,
  runs: readonly Run[],
): Finding[] {
  const at = points.flatMap(({ point, hybrid, [other]: cell }): Finding[] => {
    const ratio = cell && ratioAt(runs, hybrid, cell, point);
    if (ratio === undefined || Math.abs(ratio - 1) < APART) return [];
    return [{ isWin: ratio > 1, text: `${timesText(ratio)} as fast${where(point)}` }];
  });
  return lines(`time, against the ${other} (${result.scenario.id})`, at);
}

/** How many times as long the other took, run pair by run pair. */
function ratioAt(runs: readonly Run[], own: Cell, other: Cell, point: Point): number | undefined {
  const makespans = (arm: string) =>
    new Map(
      runs
        .filter((run) => run.arm === arm && samePoint(run.point, point))
        .map(({ repetition, metrics }) => [repetition, metrics.makespanMs ?? null]),
    );
  const its = makespans(other.arm);
  const pairs = [...makespans(own.arm)].flatMap(([repetition, ms]) => {
    const otherMs = its.get(repetition) ?? null;
    return ms === null || otherMs === null ? [] : [[otherMs, ms] as const];
  });
  return pairedRatios(
    pairs.map(([over]) => over),
    pairs.map(([, under]) => under),
  )?.median;
}

/** Where most receivers were: with few there is little to be spared. */
function sent(result: ScenarioResult, points: readonly HybridPoint[], other: Other): Finding[] {
  const most = mostReceivers(points);
  if (!most || result.scenario.role === 'kill') return [];
  const { hybrid, point, [other]: cell } = most;
  const name = 'originCopies';
  const [own, its] = [medianAt(hybrid, name), cell ? medianAt(cell, name) : null];
  if (own === null || its === null || Math.abs(own / its - 1) < APART) return [];
  const text = `${metricText(name, own)} against ${metricText(name, its)}${where(point)}`;
  return lines(`what the origin sends, against the ${other} (${result.scenario.id})`, [
    { isWin: own < its, text },
  ]);
}

function cost(
  { scenario }: ScenarioResult,
  points: readonly HybridPoint[],
  other: Other,
  runs: readonly Run[],
): Finding[] {
  const most = mostReceivers(points);
  if (!most || scenario.role !== 'scaling') return [];
  const { hybrid, point, [other]: cell } = most;
  const name = 'cpuSecondsPerGib';
  const [own, its] = [hybrid.arm, cell?.arm].map((arm) =>
    medianOfRuns(
      runs.filter((run) => run.arm === arm && samePoint(run.point, point)),
      name,
    ),
  );
  if (own == null || its == null || Math.abs(own / its - 1) < APART) return [];
  const text = `${metricText(name, own)} against ${metricText(name, its)}${where(point)}`;
  return lines(`CPU s/GiB, against the ${other} (${scenario.id})`, [{ isWin: own < its, text }]);
}

const mostReceivers = (points: readonly HybridPoint[]): HybridPoint | undefined =>
  points.toSorted((a, b) => Number(b.point.receivers ?? 0) - Number(a.point.receivers ?? 0))[0];

export const HYBRID_HEAD = [
  'scenario',
  'hybrid s',
  'bound',
  'swarm s',
  'server s',
  'completed, %',
  'origin copies',
];

/** Three figures in a cell: of the hybrid, the swarm, the server. */
export function hybridCells({ result, point, hybrid, swarm, server }: HybridPoint): string[] {
  const time = (cell: Cell | undefined): string => {
    if (!cell) return '-';
    const ms = medianAt(cell, 'makespanMs');
    return ms === null ? 'never' : secondsText(ms);
  };
  const each = (text: (cell: Cell) => string): string =>
    [hybrid, swarm, server].map((cell) => (cell ? text(cell) : '-')).join(' / ');
  const share = (cell: Cell): string =>
    cell.metrics.reach ? String(Math.round((medianAt(cell, 'reach') ?? 0) * 100)) : '-';
  const copies = (cell: Cell): string => medianAt(cell, 'originCopies')?.toFixed(2) ?? '-';
  return [
    [result.scenario.id, pointText(point)].filter(Boolean).join(', '),
    time(hybrid),
    hybrid.boundMs > 0 ? secondsText(hybrid.boundMs) : '-',
    time(swarm),
    time(server),
    each(share),
    each(copies),
  ];
}
