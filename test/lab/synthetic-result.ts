// A whole comparison of synthetic runs: the very analysis that real ones go through.
import { measure } from '../../src/lab/measure.ts';
import type { Result } from '../../src/lab/result.ts';
import type { Parameters, PlannedRun } from '../../src/lab/scenario.ts';
import { conclude } from '../../src/lab/summarize.ts';
import { type Bend, PARAMETERS, syntheticTrace } from './synthetic.ts';

export async function syntheticResult(
  bend: (plan: PlannedRun) => Bend = () => ({}),
  parameters: Parameters = PARAMETERS,
): Promise<Result> {
  const { runs, missing } = await measure({
    parameters,
    execute: async (plan) => syntheticTrace(plan, parameters, bend(plan)),
    now: () => 0,
    budgetMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    onStart: () => {},
    onRun: () => {},
    onFailure: () => {},
  });
  return conclude(
    {
      schema: 2,
      tool: { name: 'hubswarm', version: '0.1.0' },
      profile: 'quick',
      command: ['--seed', '7'],
      seed: 7,
      startedAt: '2026-01-02T03:04:05.000Z',
      wallSeconds: 61,
      environment: {
        node: '20.19.0',
        platform: 'Linux 6.1.0 x64',
        cpuModel: 'Test CPU',
        cores: 2,
        memoryBytes: 8 * 2 ** 30,
        loadAverage: [0.1, 0.2, 0.3],
        foreignCpuShareBefore: 0.01,
      },
      parameters: {
        ...parameters,
        receivers: [...parameters.receivers],
        killCopies: [...parameters.killCopies],
      },
    },
    runs,
    missing,
  );
}
