// Runs and receivers made up for tests of what figures plot: plain, and other than that
// only in what a test is about.
import { CATALOGUE } from '../../../../src/lab/catalogue/catalogue.ts';
import type { Exhibit, Run, RunNode, ScenarioResult } from '../../../../src/lab/terms/result.ts';
import type { Scenario } from '../../../../src/lab/terms/scenario.ts';
import { DEFAULTS } from '../../../../src/lab/terms/setting.ts';

export const MIB = 2 ** 20;

function scenarioCalled(id: string): Scenario {
  const scenario = CATALOGUE.find((one) => one.id === id);
  if (!scenario) throw new Error(`no scenario ${id}`);
  return scenario;
}

export const exampleNode = (over: Partial<RunNode> = {}): RunNode => ({
  id: 'receiver-1',
  role: 'receiver',
  uplinkBytesPerSecond: MIB,
  downlinkBytesPerSecond: 5 * MIB,
  goMs: 0,
  firstPieceMs: 100,
  completedMs: 1000,
  removed: false,
  lives: 1,
  sentBytes: 0,
  receivedBytes: MIB,
  verifiedBytes: MIB,
  resumedBytes: 0,
  refusedPieces: 0,
  cpuStartMs: 100,
  cpuTransferMs: 100,
  rssPeakBytes: 60 * MIB,
  loopLagMs: 1,
  wire: null,
  exit: null,
  file: 'same',
  lastWords: '',
  progress: [],
  sending: [],
  ...over,
});

export const exampleRun = (over: Partial<Run> = {}): Run => ({
  id: 'scaling/n8/swarm/1',
  scenario: 'scaling',
  arm: 'swarm',
  architecture: 'swarm',
  point: { receivers: 8 },
  repetition: 0,
  seed: 7,
  setting: DEFAULTS,
  goAt: 0,
  endedMs: 1200,
  faults: [],
  unmetFaults: [],
  boundMs: 900,
  boundName: 'whole pieces',
  sentBytes: MIB,
  receivedBytes: MIB,
  foreignCpuShare: 0,
  metrics: { makespanMs: 1000 },
  nodes: [exampleNode()],
  verdict: { state: 'valid', reasons: [] },
  ...over,
});

export const exampleExhibit = (over: Partial<Exhibit> = {}): Exhibit => ({
  run: 'scaling/n8/swarm/1',
  stepMs: 500,
  pieces: 2,
  copies: [],
  uplinks: [],
  verifiedBytes: [],
  ...over,
});

export const scenarioResultOf = (
  id: string,
  over: Partial<ScenarioResult> = {},
): ScenarioResult => ({
  scenario: scenarioCalled(id),
  skipped: null,
  cells: [],
  comparisons: [],
  ...over,
});
