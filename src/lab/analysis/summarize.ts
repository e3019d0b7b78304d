// From single runs to what the figures and tables show. Every run that was made
// counts, disturbed ones too: leaving some out after looking would be choosing.
import { createRng } from '../../runtime/rng.ts';
import type { MetricName } from '../terms/metric.ts';
import { type Point, pointText, sweepPoints } from '../terms/planned-run.ts';
import type {
  Cell,
  Comparison,
  Exhibit,
  Result,
  Run,
  ScenarioResult,
  Simulated,
  Summary,
} from '../terms/result.ts';
import type { Arm, Scenario } from '../terms/scenario.ts';
import { countedValue, isCensored } from './censored.ts';
import { judgeClaims } from './claims.ts';
import { type Interval, medianInterval, ratioInterval } from './stats/interval.ts';
import { markOutliers } from './stats/outliers.ts';
import { type Censored, median, pairedRatios } from './stats/quantile.ts';
import { judge, THRESHOLDS } from './verdict.ts';

export type Header = Pick<
  Result,
  | 'schema'
  | 'tool'
  | 'profile'
  | 'command'
  | 'seed'
  | 'fileName'
  | 'startedAt'
  | 'wallSeconds'
  | 'missing'
  | 'environment'
  | 'choice'
  | 'base'
> & {
  /** What was asked for and is no part of it. */
  readonly notes: readonly string[];
};

/** A scenario that was asked for, and why it could not be run, if so. */
export interface Wanted {
  readonly scenario: Scenario;
  readonly skipped: string | null;
}

/** Metrics of every cell, whatever the scenario's own table shows. */
const ALWAYS: readonly MetricName[] = ['makespanMs', 'reach', 'originCopies'];

/** A figure that nobody can have is null and not infinite, as JSON has it. */
const known = (value: number): Censored => (Number.isFinite(value) ? value : null);

const ends = (interval: Interval | undefined): [number, number] | null =>
  interval && interval.low !== null && interval.high !== null
    ? [interval.low, interval.high]
    : null;

/** Undefined when the metric has no meaning in any of the runs. */
export function summarize(
  runs: readonly Run[],
  metric: MetricName,
  seed: number,
): Summary | undefined {
  const counted = runs.flatMap((run) => {
    const value = countedValue(run, metric);
    return value === null ? [] : [{ run, value }];
  });
  if (counted.length === 0) return undefined;
  const values = counted.map(({ value }) => value);
  const isOutlier = markOutliers(values.map(known));
  return {
    runs: counted.length,
    censored: counted.filter(({ run }) => isCensored(run, metric)).length,
    median: known(median(values)),
    min: known(Math.min(...values)),
    max: known(Math.max(...values)),
    interval: ends(medianInterval(values.map(known), createRng(seed))),
    outliers: counted.filter((_, i) => isOutlier[i]).map(({ run }) => run.id),
  };
}

function cellOf(runs: readonly Run[], { metrics }: Scenario, seed: number): Cell {
  const [first] = runs;
  const summaries = [...new Set([...metrics, ...ALWAYS])].flatMap((metric) => {
    const summary = summarize(runs, metric, seed);
    return summary ? [[metric, summary] as const] : [];
  });
  return {
    arm: first!.arm,
    point: { ...first!.point },
    runs: runs.length,
    validRuns: runs.filter(({ verdict }) => verdict.state === 'valid').length,
    scriptedRuns: runs.filter(({ unmetFaults }) => unmetFaults.length === 0).length,
    boundMs: first!.boundMs,
    boundName: first!.boundName,
    metrics: Object.fromEntries(summaries),
  };
}

/** Pairs the runs of both arms with the same repetition, which were made side by side. */
function compare(over: readonly Run[], under: readonly Run[], seed: number): Comparison {
  const { arm, point } = over[0]!;
  const others = new Map(under.map((run) => [run.repetition, run.metrics.makespanMs ?? null]));
  const pairs = over.flatMap(({ repetition, metrics }) => {
    const [mine, other] = [metrics.makespanMs ?? null, others.get(repetition) ?? null];
    return mine === null || other === null ? [] : [[mine, other] as const];
  });
  const mine = pairs.map(([time]) => time);
  const theirs = pairs.map(([, time]) => time);
  const ratio = pairedRatios(mine, theirs);
  const interval = ends(ratioInterval(mine, theirs, createRng(seed)));
  return {
    arm,
    against: under[0]!.arm,
    point: { ...point },
    pairs: pairs.length,
    ratio: ratio ? { ...ratio, interval } : null,
  };
}

function concludeScenario(
  { scenario, skipped }: Wanted,
  runs: readonly Run[],
  seed: number,
): ScenarioResult {
  const cells: Cell[] = [];
  const comparisons: Comparison[] = [];
  for (const { point } of sweepPoints(scenario)) {
    const perArm = scenario.arms
      .map((arm) => runsOf(runs, scenario, arm, point))
      .filter((of) => of.length > 0);
    cells.push(...perArm.map((of) => cellOf(of, scenario, seed)));
    const [first, ...others] = perArm;
    if (first?.[0]?.arm !== scenario.arms[0]!.id) continue;
    comparisons.push(...others.map((of) => compare(of, first, seed)));
  }
  return { scenario, skipped, cells, comparisons };
}

function runsOf(runs: readonly Run[], scenario: Scenario, arm: Arm, point: Point): Run[] {
  return runs
    .filter(
      (run) =>
        run.scenario === scenario.id &&
        run.arm === arm.id &&
        pointText(run.point) === pointText(point),
    )
    .sort((a, b) => a.repetition - b.repetition);
}

function warningsOf(
  { foreignCpuShareBefore }: Result['environment'],
  scenarios: readonly ScenarioResult[],
  runs: readonly Run[],
): string[] {
  const warnings = scenarios
    .filter(({ skipped }) => skipped !== null)
    .map(({ scenario, skipped }) => `scenario '${scenario.id}' was not run: ${skipped}`);
  if (foreignCpuShareBefore === null) {
    warnings.push('the load by other programs could not be measured on this system');
  } else if (foreignCpuShareBefore > THRESHOLDS.foreignCpu) {
    const share = (foreignCpuShareBefore * 100).toFixed(0);
    warnings.push(`other programs kept ${share} % of the CPU busy before the first run`);
  }
  const outliers = scenarios.flatMap(({ cells }) =>
    cells.flatMap(({ metrics }) => metrics.makespanMs?.outliers ?? []),
  );
  return [
    ...warnings,
    ...outliers.map(
      (id) => `${id}: its makespan is far from that of the others; it counts like all`,
    ),
    ...runs
      .filter(({ verdict }) => verdict.reasons.length > 0)
      .map(({ id, verdict }) => `${id} is ${verdict.state}: ${verdict.reasons.join('; ')}`),
  ];
}

export function conclude(
  { notes, ...header }: Header,
  scenarios: readonly Wanted[],
  runs: readonly Run[],
  exhibits: readonly Exhibit[],
  simulated: Simulated | null,
): Result {
  const wanted = new Set(scenarios.map(({ scenario }) => scenario.id));
  // A warm-up belongs to no scenario and proves nothing.
  const evidence = runs.filter((run) => wanted.has(run.scenario));
  const claims = scenarios.flatMap(({ scenario }) => judgeClaims(scenario, evidence));
  const results = scenarios.map((one) => concludeScenario(one, evidence, header.seed));
  return {
    ...header,
    verdict: judge({
      scenarios: scenarios.map(({ scenario }) => scenario),
      runs: evidence,
      claims,
      missing: header.missing,
    }),
    claims,
    scenarios: results,
    exhibits: [...exhibits],
    simulated,
    warnings: [...notes, ...warningsOf(header.environment, results, evidence)],
    runs: [...runs],
  };
}
