// A lab without processes: what tests of the schedule and of what is saved measure with.
import type { PlannedRun } from '../../src/lab/terms/planned-run.ts';
import type { Run } from '../../src/lab/terms/result.ts';
import { type Scenario, type ScenarioText, scenarioSchema } from '../../src/lab/terms/scenario.ts';
import type { Trace } from '../../src/lab/terms/trace.ts';

const TEXT: ScenarioText = {
  id: 'one',
  title: 'One',
  question: 'Which?',
  arms: [
    { id: 'a', architecture: 'server', text: 'A' },
    { id: 'b', architecture: 'swarm', text: 'B' },
  ],
  sweep: { receivers: [2, 4] },
  metrics: ['makespanMs'],
  repetitions: { least: 2, most: 2 },
};

export const mockScenario = (over: Partial<ScenarioText> = {}): Scenario =>
  scenarioSchema.parse({ ...TEXT, ...over });

/** A trace that says nothing but which run it was of, and when. */
export const mockTrace = (plan: PlannedRun, goAt = 1_760_000_000_000): Trace => ({
  ...{ plan, goAt, endedAt: goAt + 1000 },
  ...{ faults: [], unmetFaults: [], foreignCpuShare: 0, nodes: [] },
});

/** A run as it would be folded, with the makespan that is wished for. */
export function mockRun({ plan, goAt, endedAt }: Trace, makespanMs: number | null = 1000): Run {
  return {
    ...plan,
    ...{ point: { ...plan.point }, goAt, endedMs: endedAt - goAt },
    ...{ faults: [], unmetFaults: [], boundMs: 900, boundName: 'bound' },
    ...{ sentBytes: 0, receivedBytes: 0, foreignCpuShare: 0, nodes: [] },
    metrics: { makespanMs, reach: makespanMs === null ? 0.5 : 1 },
    verdict: { state: 'valid', reasons: [] },
  };
}
