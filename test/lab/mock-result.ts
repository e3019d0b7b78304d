// A result written down by hand, for tests of what is made of results.
import type { MetricName } from '../../src/lab/terms/metric.ts';
import type { Cell, Result, Summary } from '../../src/lab/terms/result.ts';
import { DEFAULTS } from '../../src/lab/terms/setting.ts';
import { mockScenario } from './mock-lab.ts';

export const mockSummary = (median: number, over: Partial<Summary> = {}): Summary => ({
  ...{ runs: 3, censored: 0, median, min: median * 0.95, max: median * 1.05 },
  ...{ interval: null, outliers: [] },
  ...over,
});

export const mockCell = (
  arm: string,
  receivers: number,
  metrics: Partial<Record<MetricName, Summary>>,
): Cell => ({
  ...{ arm, point: { receivers }, runs: 3, validRuns: 3, scriptedRuns: 3 },
  ...{ boundMs: 900, boundName: 'bound', metrics },
});

export function mockResult(cells: Cell[], over: Partial<Result> = {}): Result {
  return {
    schema: 3,
    tool: { name: 'hubswarm', version: '1.2.3' },
    ...{ profile: 'quick', command: [], seed: 7, fileName: 'sample.bin' },
    choice: null,
    ...{ startedAt: '2026-01-02T03:04:05.000Z', wallSeconds: 61, missing: 0 },
    environment: {
      ...{ node: '20.19.0', platform: 'Linux 6.1.0 x64', cpuModel: 'Test CPU', cores: 2 },
      ...{ memoryBytes: 8 * 2 ** 30, loadAverage: [0.1, 0.2, 0.3], foreignCpuShareBefore: 0.01 },
      network: [],
    },
    base: DEFAULTS,
    verdict: { state: 'valid', reasons: [] },
    claims: [],
    scenarios: [{ scenario: mockScenario(), skipped: null, cells, comparisons: [] }],
    ...{ exhibits: [], simulated: null, warnings: [], runs: [] },
    ...over,
  };
}
