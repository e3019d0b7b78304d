// A whole comparison of synthetic runs: the very analysis that real ones go through.

import { chooseExhibits } from '../../src/lab/analysis/choose-exhibits.ts';
import { drawExhibit } from '../../src/lab/analysis/exhibit.ts';
import { foldRun } from '../../src/lab/analysis/fold.ts';
import { conclude, type Header } from '../../src/lab/analysis/summarize.ts';
import { judgeRun } from '../../src/lab/analysis/verdict.ts';
import { CATALOGUE } from '../../src/lab/catalogue/catalogue.ts';
import { type PlannedRun, planPoint, sweepPoints } from '../../src/lab/terms/planned-run.ts';
import type { Result, Run } from '../../src/lab/terms/result.ts';
import type { Scenario } from '../../src/lab/terms/scenario.ts';
import { DEFAULTS } from '../../src/lab/terms/setting.ts';
import type { Trace } from '../../src/lab/terms/trace.ts';
import { type Bend, syntheticTrace } from './synthetic.ts';

export type Bending = (plan: PlannedRun) => Bend;

export const HEADER: Header = {
  schema: 3,
  tool: { name: 'hubswarm', version: '0.1.0' },
  profile: 'full',
  command: ['--full', '--seed', '7'],
  seed: 7,
  fileName: 'sample.bin',
  startedAt: '2026-01-02T03:04:05.000Z',
  wallSeconds: 61,
  missing: 0,
  environment: {
    node: '20.19.0',
    platform: 'Linux 6.1.0 x64',
    cpuModel: 'Test CPU',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    loadAverage: [0.1, 0.2, 0.3],
    foreignCpuShareBefore: 0.01,
    network: [],
  },
  choice: null,
  notes: [],
  base: DEFAULTS,
};

/** Every point and arm, as often as is always made. */
export function plansOf(
  scenario: Scenario,
  repetitions = scenario.repetitions.least,
): PlannedRun[] {
  return Array.from({ length: repetitions }, (_, repetition) =>
    sweepPoints(scenario).flatMap((at) =>
      planPoint(scenario, at, repetition, DEFAULTS, HEADER.seed),
    ),
  ).flat();
}

export function runOf(trace: Trace): Run {
  const folded = foldRun(trace);
  return { ...folded, verdict: judgeRun(folded) };
}

/** What is bent in no way is always the same. */
const sound = new Map<string, Run>();

function runFrom(plan: PlannedRun, bend: Bend): Run {
  const found = Object.keys(bend).length === 0 ? sound.get(plan.id) : undefined;
  const run = found ?? runOf(syntheticTrace(plan, bend));
  if (Object.keys(bend).length === 0) sound.set(plan.id, run);
  return run;
}

export function syntheticRuns(scenario: Scenario, bend: Bending = () => ({})): Run[] {
  return plansOf(scenario).map((plan) => runFrom(plan, bend(plan)));
}

/** Of the full catalogue, or of some of it; a scenario may be left out for a reason. */
export function syntheticResult(
  bend: Bending = () => ({}),
  scenarios: readonly Scenario[] = CATALOGUE,
  skipped: Readonly<Record<string, string>> = {},
): Result {
  const made = scenarios.filter(({ id }) => !(id in skipped));
  const traces = made.flatMap((scenario) =>
    plansOf(scenario).map((plan) => syntheticTrace(plan, bend(plan))),
  );
  const runs = traces.map(runOf);
  const shown = chooseExhibits(scenarios, runs);
  return conclude(
    HEADER,
    scenarios.map((scenario) => ({ scenario, skipped: skipped[scenario.id] ?? null })),
    runs,
    traces.filter(({ plan }) => shown.includes(plan.id)).map(drawExhibit),
    null,
  );
}
