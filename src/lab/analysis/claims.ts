// Whether a claim holds. Each was written down before the runs, as data (scenario.ts), with
// a threshold that can fail. At every point that it speaks of, runs are reduced to one
// value; the worst point decides. A claim about what was not run is left out.
//
// Load makes transfers longer and strands receivers, and never the other way round. So a
// disturbed run still counts for an outcome that load could only have worked against.

import { METRICS } from '../terms/metric.ts';
import { type Point, pointText } from '../terms/planned-run.ts';
import type { Claim, Run } from '../terms/result.ts';
import type { ClaimRule, Condition, Scenario } from '../terms/scenario.ts';
import { countedValue } from './censored.ts';
import { median } from './stats/quantile.ts';
import { isMerelyDisturbed } from './verdict.ts';

type State = Claim['state'];

/** What a claim says of one arm at one point. */
interface Instance {
  readonly point: Point;
  readonly runs: readonly Run[];
  /** Divisor of the metric; undefined if the metric itself is judged. */
  readonly base: readonly Run[] | undefined;
}

interface Found {
  readonly point: Point;
  /** NaN: not to be had. */
  readonly value: number;
  readonly state: State;
}

export function judgeClaims(scenario: Scenario, runs: readonly Run[]): Claim[] {
  const own = runs.filter((run) => run.scenario === scenario.id);
  return scenario.claims.flatMap((rule) => {
    const instances = instancesOf(rule, scenario, own);
    return instances.length > 0 ? [judgeClaim(rule, scenario.id, instances)] : [];
  });
}

function instancesOf(rule: ClaimRule, scenario: Scenario, runs: readonly Run[]): Instance[] {
  // Claims are about the program under test.
  const named = scenario.arms
    .filter(({ id, architecture }) => id !== rule.against && architecture !== 'rival')
    .map(({ id }) => id);
  const arms = rule.arm === '*' ? named : [rule.arm];
  return arms.flatMap((arm) =>
    groupedByPoint(runs.filter((run) => run.arm === arm)).flatMap((group): Instance[] => {
      const [first] = group;
      if (!first || !meets(first, rule.at, scenario)) return [];
      if (!isRatio(rule)) return [{ point: first.point, runs: group, base: undefined }];
      const base = baseOf(rule, first, scenario, runs);
      // A run over itself says nothing.
      if (base.length === 0 || base.includes(first)) return [];
      return [{ point: first.point, runs: group, base }];
    }),
  );
}

function baseOf(rule: ClaimRule, run: Run, scenario: Scenario, runs: readonly Run[]): Run[] {
  const conditions = rule.againstPoint ?? {};
  const kept = Object.entries(run.point).filter(([key]) => !(key in conditions));
  return runs.filter(
    (other) =>
      other.arm === (rule.against ?? run.arm) &&
      kept.every(([key, value]) => other.point[key] === value) &&
      meets(other, conditions, scenario),
  );
}

const isRatio = ({ against, againstPoint }: ClaimRule): boolean =>
  against !== undefined || againstPoint !== undefined;

function groupedByPoint(runs: readonly Run[]): Run[][] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = pointText(run.point);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

const meets = (run: Run, conditions: Record<string, Condition>, scenario: Scenario): boolean =>
  Object.entries(conditions).every(([key, condition]) => {
    const value = run.point[key];
    if (condition === 'most') return value === endsOf(scenario, key).most;
    if (condition === 'least') return value === endsOf(scenario, key).least;
    if (typeof condition !== 'object') return value === condition;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = condition;
    return typeof value === 'number' && value >= atLeast && value <= atMost;
  });

function endsOf({ sweep }: Scenario, key: string): { most?: number; least?: number } {
  const values: readonly unknown[] = sweep[key as keyof typeof sweep] ?? [];
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length > 0 ? { most: Math.max(...numbers), least: Math.min(...numbers) } : {};
}

function judgeClaim(rule: ClaimRule, scenario: string, instances: readonly Instance[]): Claim {
  const found = instances.map((instance) => judgeInstance(rule, instance));
  const state: State =
    (['fails', 'unknown'] as const).find((bad) => found.some((one) => one.state === bad)) ??
    'holds';
  const [worst] = found
    .filter((one) => one.state === state)
    .sort((a, b) => margin(rule, a.value) - margin(rule, b.value));
  return {
    scenario,
    id: rule.id,
    text: rule.text,
    comparison: rule.comparison,
    threshold: rule.threshold,
    // JSON has no infinity: never finishing has no figure.
    value: Number.isFinite(worst!.value) ? worst!.value : null,
    point: { ...worst!.point },
    state,
  };
}

function judgeInstance(rule: ClaimRule, instance: Instance): Found {
  const { point } = instance;
  const value = reduce(rule, figuresOf(rule, instance));
  if (Number.isNaN(value)) return { point, value, state: 'unknown' };
  const outcome = margin(rule, value) >= 0 ? 'holds' : 'fails';
  return { point, value, state: isSound(rule, instance, outcome) ? outcome : 'unknown' };
}

/** Distance inside the threshold, below 0 outside; a missing value is the worst. */
function margin({ comparison, threshold }: ClaimRule, value: number): number {
  if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY;
  if (comparison === 'at least') return value - threshold;
  if (comparison === 'at most') return threshold - value;
  return threshold - Math.abs(value - 1);
}

/** One for each run, or for each pair of runs of one repetition. */
function figuresOf({ metric }: ClaimRule, { runs, base }: Instance): number[] {
  const figure = (run: Run): number => countedValue(run, metric) ?? Number.NaN;
  if (base === undefined) return runs.map(figure);
  const others = new Map(base.map((run) => [run.repetition, run]));
  return runs.flatMap((run) => {
    const other = others.get(run.repetition);
    return other ? [figure(run) / figure(other)] : [];
  });
}

/** Ratios: the median of logarithms, so that twice and half are equally far off. */
function reduce(rule: ClaimRule, figures: readonly number[]): number {
  if (figures.length === 0 || figures.some(Number.isNaN)) return Number.NaN;
  if (rule.of === 'every run') {
    return figures.reduce((worst, value) =>
      margin(rule, value) < margin(rule, worst) ? value : worst,
    );
  }
  return isRatio(rule) ? Math.exp(median(figures.map(Math.log))) : median(figures);
}

/** A claim needs, of each arm and point that it rests on, a run that could not have misled it. */
function isSound(rule: ClaimRule, { runs, base }: Instance, outcome: 'holds' | 'fails'): boolean {
  // A wrong byte on a disk is what makes such a run invalid: it proves what it shows.
  if (rule.metric === 'badFiles' && outcome === 'fails') return true;
  const isTrusted = (run: Run, side: 1 | -1): boolean =>
    run.verdict.state === 'valid' || (isMerelyDisturbed(run) && !couldCause(rule, side, outcome));
  return (
    runs.some((run) => isTrusted(run, 1)) &&
    (base === undefined || base.some((run) => isTrusted(run, -1)))
  );
}

/** Whether load on a run, above (1) or below (-1) the line of a ratio, pushes towards the outcome. */
function couldCause(rule: ClaimRule, side: 1 | -1, outcome: 'holds' | 'fails'): boolean {
  const { load } = METRICS[rule.metric];
  if (load === 'leaves') return false;
  // Load that disturbs both alike makes them look more alike.
  if (rule.comparison === 'within') return true;
  const push = (load === 'raises' ? 1 : -1) * side;
  const helps = rule.comparison === 'at least' ? push > 0 : push < 0;
  return helps === (outcome === 'holds');
}
