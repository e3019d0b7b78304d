// A scenario's runs made up from its plan, each node with a plausible end: what figures
// are drawn of where no process has to be believed.
import type { PlannedRun } from '../../../src/lab/plan.ts';
import { planPoint, sweepPoints } from '../../../src/lab/plan.ts';
import type { Exhibit, Result, Run, RunNode, ScenarioResult } from '../../../src/lab/result.ts';
import type { Scenario } from '../../../src/lab/scenario.ts';
import { DEFAULTS, originRates, receiverRates, riderCount } from '../../../src/lab/setting.ts';

export function exampleNode(over: Partial<RunNode> = {}): RunNode {
  return {
    id: 'receiver-1',
    role: 'receiver',
    uplinkBytesPerSecond: 2 ** 20,
    downlinkBytesPerSecond: 2 ** 22,
    goMs: 0,
    firstPieceMs: 100,
    completedMs: 1000,
    removed: false,
    lives: 1,
    sentBytes: 0,
    receivedBytes: 2 ** 20,
    verifiedBytes: 2 ** 20,
    resumedBytes: 0,
    refusedPieces: 0,
    cpuStartMs: 100,
    cpuTransferMs: 100,
    rssPeakBytes: 60 * 2 ** 20,
    loopLagMs: 1,
    wire: null,
    exit: null,
    file: 'same',
    lastWords: '',
    progress: [],
    sending: [],
    ...over,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Of the last receiver, by what theory says and a little more. */
function makespanOf({ setting, architecture, repetition }: PlannedRun): number {
  const { fileBytes, receivers, pieceLength, hubs, attackers } = setting;
  const up = Math.min(originRates(setting).uplinkBytesPerSecond, 200 * 2 ** 20);
  const pieces = Math.ceil(fileBytes / (pieceLength ?? fileBytes));
  const copy = fileBytes / up;
  const seconds =
    architecture === 'server'
      ? 0.02 + (copy * receivers) / hubs
      : 0.25 +
        copy * (1 + Math.floor(Math.log2(receivers)) / pieces) +
        0.0008 * pieces +
        0.04 * attackers;
  return seconds * 1000 * (1.01 + 0.03 * repetition);
}

function receiversOf(plan: PlannedRun, makespanMs: number): RunNode[] {
  const { setting, architecture } = plan;
  const riders = riderCount(setting);
  const givers = setting.receivers - riders;
  return Array.from({ length: setting.receivers }, (_, i) => {
    const rates = receiverRates(setting, i);
    const share = architecture === 'server' ? 0.97 : 0.8;
    const apart = typeof setting.arrivals === 'object' ? setting.arrivals.apartPasses : 0;
    const goMs = (i * apart * setting.fileBytes * 1000) / setting.uplinkBytesPerSecond;
    const isLost = setting.kill !== null && architecture === 'server' && setting.hubs === 1;
    const completedMs = goMs + makespanMs * (share + ((1 - share) * (i + 1)) / setting.receivers);
    return exampleNode({
      id: `receiver-${i + 1}`,
      role: i >= givers ? 'rider' : 'receiver',
      uplinkBytesPerSecond: finite(rates.uplinkBytesPerSecond),
      downlinkBytesPerSecond: finite(rates.downlinkBytesPerSecond),
      goMs,
      completedMs: isLost ? null : completedMs,
      progress: [
        [100, setting.fileBytes / 8],
        [completedMs, setting.fileBytes],
      ],
    });
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

export function exampleRun(plan: PlannedRun, over: Partial<Run> = {}): Run {
  const makespan = makespanOf(plan);
  const nodes = receiversOf(plan, makespan);
  const times = nodes.map(({ completedMs }) => completedMs);
  const isDone = times.every((time) => time !== null);
  const makespanMs = isDone ? Math.max(...(times as number[])) : null;
  const of = (role: RunNode['role']): number | null => {
    const known = nodes.filter((node) => node.role === role).map((node) => node.completedMs);
    return known.length > 0 && known.every((time) => time !== null)
      ? mean(known as number[])
      : null;
  };
  const boundMs = plan.setting.link === 'none' ? 0 : makespan / 1.2;
  return {
    ...plan,
    point: { ...plan.point },
    goAt: 0,
    endedMs: makespan + 200,
    faults: plan.setting.faults.map((fault, i) => ({
      text: `${fault.do} ${'node' in fault ? fault.node : 'the network'}`,
      do: fault.do,
      node: 'node' in fault ? fault.node : null,
      atMs: makespan * (0.3 + 0.3 * i),
      originCopies: 1,
    })),
    unmetFaults: [],
    boundMs,
    boundName: plan.architecture === 'server' ? 'origin sends N copies' : 'whole pieces',
    sentBytes: 2 ** 20,
    receivedBytes: 2 ** 20,
    foreignCpuShare: 0,
    metrics: {
      makespanMs,
      reach: times.filter((time) => time !== null).length / times.length,
      originCopies: plan.architecture === 'server' ? nodes.length : 1.2,
      linkUse: 0.99 - 0.004 * plan.repetition,
      cpuSecondsPerGib: plan.architecture === 'server' ? 6 : 20 + plan.repetition,
      rssPeakBytes: (plan.architecture === 'server' ? 60 : 95) * 2 ** 20,
      wireOverhead: plan.setting.link === 'netns' ? 0.07 : null,
      duplicateShare: 0.004,
      giversMs: of('receiver'),
      ridersMs: of('rider'),
    },
    nodes,
    verdict: { state: 'valid', reasons: [] },
    ...over,
  };
}

export function exampleExhibit(run: Run, over: Partial<Exhibit> = {}): Exhibit {
  const steps = 64;
  const stepMs = run.endedMs / steps;
  const pieces = 96;
  const groups = 64;
  const { receivers, uplinkBytesPerSecond } = run.setting;
  const series = (rate: (step: number) => number): number[] =>
    Array.from({ length: steps }, (_, step) => (rate(step) * stepMs) / 1000);
  const could = series(() => uplinkBytesPerSecond);
  const isAway = (step: number): boolean =>
    run.faults[0] !== undefined && step * stepMs >= run.faults[0].atMs;
  return {
    run: run.id,
    stepMs,
    pieces,
    copies:
      run.architecture === 'server'
        ? []
        : Array.from({ length: steps }, (_, step) =>
            Array.from({ length: groups }, (_, group) => {
              const spread = Math.floor(
                ((step * 1.3 - ((group * 37) % groups) * 0.6) / steps) * receivers,
              );
              const there = Math.max(0, Math.min(receivers, spread));
              return there + (isAway(step) ? 0 : 1);
            }),
          ),
    uplinks: [
      {
        role: 'origin',
        sentBytes: series((step) => (step < 60 ? uplinkBytesPerSecond * 0.98 : 0)),
        couldBytes: could,
      },
      {
        role: 'receiver',
        sentBytes: series((step) =>
          run.architecture === 'server'
            ? 0
            : uplinkBytesPerSecond * receivers * Math.min(0.8, step / 20),
        ),
        couldBytes: could.map((bytes) => bytes * receivers),
      },
    ],
    verifiedBytes: series((step) => (step > 22 && step < 30 ? 0 : uplinkBytesPerSecond * 2)),
    ...over,
  };
}

export interface Example {
  readonly result: Result;
  readonly scenarioResult: ScenarioResult;
}

/** What a person could not tell from a result, as far as figures look. */
export function exampleOf(
  scenario: Scenario,
  bend: (plan: PlannedRun) => Partial<Run> = () => ({}),
  repetitions = 2,
): Example {
  const plans = sweepPoints(scenario).flatMap((at) =>
    Array.from({ length: repetitions }, (_, repetition) =>
      planPoint(scenario, at, repetition, DEFAULTS, 7),
    ).flat(),
  );
  const runs = plans.map((plan) => exampleRun(plan, bend(plan)));
  const firsts = scenario.arms.flatMap(({ id }) => runs.find(({ arm }) => arm === id) ?? []);
  const [head, ...others] = scenario.arms;
  const comparisons = sweepPoints(scenario).flatMap(({ point }) => {
    const median = (arm: string): number =>
      mean(
        runs
          .filter((run) => run.arm === arm && JSON.stringify(run.point) === JSON.stringify(point))
          .map(({ metrics }) => metrics.makespanMs ?? Number.NaN),
      );
    return others.map(({ id }) => {
      const ratio = median(id) / median(head!.id);
      return {
        arm: id,
        against: head!.id,
        point,
        pairs: repetitions,
        ratio: Number.isFinite(ratio)
          ? { median: ratio, min: ratio, max: ratio, interval: null }
          : null,
      };
    });
  });
  const scenarioResult: ScenarioResult = { scenario, skipped: null, cells: [], comparisons };
  return {
    scenarioResult,
    result: {
      schema: 3,
      tool: { name: 'hubswarm', version: '0.1.0' },
      profile: 'full',
      command: [],
      seed: 7,
      fileName: 'file.bin',
      startedAt: '2026-01-02T03:04:05.000Z',
      wallSeconds: 1,
      missing: 0,
      environment: {
        node: '20.19.0',
        platform: 'Linux',
        cpuModel: 'CPU',
        cores: 2,
        memoryBytes: 2 ** 33,
        loadAverage: [0, 0, 0],
        foreignCpuShareBefore: 0,
        network: [],
      },
      base: DEFAULTS,
      verdict: { state: 'valid', reasons: [] },
      claims: [],
      scenarios: [scenarioResult],
      exhibits: firsts.map((run) => exampleExhibit(run)),
      simulated: null,
      warnings: [],
      runs,
    },
  };
}
