// Look-ups in a result.

import { median } from '../../analysis/stats/quantile.ts';
import type { MetricName } from '../../terms/metric.ts';
import type { Point } from '../../terms/planned-run.ts';
import type { Cell, Claim, Result, Run, ScenarioResult } from '../../terms/result.ts';
import type { Architecture, Role } from '../../terms/scenario.ts';
import { receives } from '../../terms/trace.ts';

export const runsOf = ({ runs }: Result, { scenario }: ScenarioResult): Run[] =>
  runs.filter((run) => run.scenario === scenario.id);

export const claimsOf = ({ claims }: Result, { scenario }: ScenarioResult): Claim[] =>
  claims.filter((claim) => claim.scenario === scenario.id);

export const samePoint = (one: Point, other: Point): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([key, value]) => other[key] === value);

export const cellAt = ({ cells }: ScenarioResult, arm: string, point: Point): Cell | undefined =>
  cells.find((cell) => cell.arm === arm && samePoint(cell.point, point));

/** Scenarios with this role that were run. */
export const scenariosFor = ({ scenarios }: Result, role: Role): ScenarioResult[] =>
  scenarios.filter(({ scenario, cells }) => scenario.role === role && cells.length > 0);

/** The first of them. */
export const scenarioFor = (result: Result, role: Role): ScenarioResult | undefined =>
  scenariosFor(result, role)[0];

/** The first arm of each architecture is the one that a scenario is about. */
export const headArm = ({ scenario }: ScenarioResult, architecture: Architecture) =>
  scenario.arms.find((arm) => arm.architecture === architecture);

/** A server and a swarm at the same point. */
export interface Pair {
  readonly point: Point;
  readonly server: Cell;
  readonly swarm: Cell;
}

/** Pairs of the first server arm and the first swarm arm, in the order of the sweep. */
export function pairsOf(result: ScenarioResult): Pair[] {
  const [server, swarm] = [headArm(result, 'server'), headArm(result, 'swarm')];
  if (!server || !swarm) return [];
  return result.cells
    .filter(({ arm }) => arm === server.id)
    .flatMap((cell) => {
      const other = cellAt(result, swarm.id, cell.point);
      return other ? [{ point: cell.point, server: cell, swarm: other }] : [];
    });
}

/** Null where it was not measured, and where half of the runs never came to it. */
export const medianAt = ({ metrics }: Cell, name: MetricName): number | null =>
  metrics[name]?.median ?? null;

/** The same of what is in no table of the scenario. */
export function medianOfRuns(runs: readonly Run[], name: MetricName): number | null {
  const values = runs.flatMap(({ metrics }) => metrics[name] ?? []);
  return values.length > 0 ? median(values) : null;
}

/** How many times as long the server took as the swarm there, run pair by run pair. */
export function gainAt(result: ScenarioResult, { point, server, swarm }: Pair): number | null {
  for (const { arm, against, point: at, ratio } of result.comparisons) {
    if (ratio === null || !samePoint(at, point)) continue;
    if (arm === server.arm && against === swarm.arm) return ratio.median;
    if (arm === swarm.arm && against === server.arm) return 1 / ratio.median;
  }
  return null;
}

/** Counts nodes that want the file. */
export function completions(run: Run): { completed: number; started: number } {
  const receivers = run.nodes.filter(receives);
  return {
    completed: receivers.filter(({ completedMs }) => completedMs !== null).length,
    started: receivers.length,
  };
}
