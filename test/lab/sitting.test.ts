// Sittings of one experiment with synthetic runs: what a first one leaves, however it
// ends, another goes on from, and both together come to what one alone would have.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concludeDirectory } from '../../src/lab/conclusion.ts';
import type { Experiment } from '../../src/lab/results/experiment.ts';
import {
  loadExperiment,
  loadResult,
  saveExperiment,
  traceIds,
} from '../../src/lab/results/save.ts';
import type { Progress } from '../../src/lab/schedule/progress.ts';
import { sit } from '../../src/lab/sitting.ts';
import { DEFAULTS } from '../../src/lab/terms/setting.ts';
import { HubswarmError } from '../../src/runtime/errors.ts';
import { mockScenario } from './mock-lab.ts';
import { mockResult } from './mock-result.ts';
import { syntheticTrace } from './synthetic.ts';

const { environment, tool } = mockResult([]);
const EXPERIMENT: Experiment = {
  ...{ schema: 3, tool, profile: 'quick', command: [], seed: 7, fileName: 'sample.bin' },
  choice: null,
  notes: [],
  ...{ startedAt: '2026-01-02T03:04:05.000Z', wallSeconds: 0, budgetMs: null, file: null },
  ...{ environment, base: DEFAULTS },
  scenarios: [
    { scenario: mockScenario(), skipped: null },
    { scenario: mockScenario({ id: 'two' }), skipped: 'needs a network' },
  ],
};
const RUNS = 8;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hubswarm-sitting-'));
  await saveExperiment(dir, EXPERIMENT);
});
afterEach(() => rm(dir, { recursive: true }));

/** Each run takes a second; while the one of that number is made, it is stopped or fails. */
async function sitOnce(given: { stopAt?: number; failAt?: number } = {}) {
  const abort = new AbortController();
  const made: string[] = [];
  let clock = 0;
  let simulated = 0;
  const progress: Progress = {
    ...{ start() {}, failed() {}, note() {}, close() {} },
    end: ({ id }) => made.push(id),
  };
  const result = await sit({
    ...{ dir, experiment: await loadExperiment(dir), progress, signal: abort.signal },
    now: () => clock,
    execute: async (plan, signal) => {
      clock += 1000;
      const isWarmUp = plan.scenario === 'warm-up';
      if (!isWarmUp && made.length === given.stopAt) {
        abort.abort(new HubswarmError('ERR_ABORTED', 'stopped by SIGINT'));
      }
      signal.throwIfAborted();
      if (!isWarmUp && made.length === given.failAt) {
        throw new HubswarmError('ERR_DISK_FULL', 'no space left');
      }
      return syntheticTrace(plan);
    },
    simulate: async () => {
      simulated++;
      return { points: [], validation: [], error: null, notes: [] };
    },
  }).catch((error: HubswarmError) => error);
  return { result, made, simulated };
}

describe('a sitting', () => {
  it('measures, keeps every trace, and leaves a result with all that is drawn from it', async () => {
    const { result, made, simulated } = await sitOnce();
    expect(result).toMatchObject({ missing: 0, wallSeconds: 2 + RUNS });
    expect((await traceIds(dir)).sort()).toEqual([...made].sort());
    expect((await readdir(dir)).sort()).toEqual([
      ...['experiment.json', 'report.html', 'result.json', 'runs.csv', 'simulated.json'],
      ...['summary.csv', 'traces'],
    ]);
    expect(simulated).toBe(1);
    const saved = await loadResult(dir);
    expect(saved).toEqual(result);
    expect(saved.scenarios.map(({ skipped }) => skipped)).toEqual([null, 'needs a network']);
  });

  it('that is stopped saves what there is as unknown, and says how to go on', async () => {
    const { result, made, simulated } = await sitOnce({ stopAt: 3 });
    expect(result).toMatchObject({
      code: 'ERR_ABORTED',
      message: `stopped by SIGINT; what was measured is in ${dir}; go on with: hubswarm compare --resume ${dir}`,
    });
    expect([made.length, simulated]).toEqual([3, 0]);
    expect(await loadResult(dir)).toMatchObject({
      ...{ missing: RUNS - 3, verdict: { state: 'unknown' }, wallSeconds: 2 + 4 },
    });
  });

  it.each([
    ['was stopped', { stopAt: 3 }],
    ['was stopped before its first run', { stopAt: 0 }],
    ['ended on an error', { failAt: 5 }],
  ])('goes on where one before %s', async (_, how) => {
    const first = await sitOnce(how);
    const second = await sitOnce();
    expect(second.made.filter((id) => first.made.includes(id))).toEqual([]);
    expect(first.made.length + second.made.length).toBe(RUNS);
    const whole = await loadResult(dir);
    expect(whole.missing).toBe(0);
    // Warm-ups, the runs, and the one that was broken off.
    expect(whole.wallSeconds).toBeGreaterThanOrEqual(4 + RUNS);
    const third = await sitOnce();
    expect([third.made, third.simulated]).toEqual([[], 0]);
  });

  it('goes on from whatever of it is on the disk when it is killed', async () => {
    const { made } = await sitOnce();
    // Its last act was to write a trace: nothing of what comes after is there.
    for (const name of ['result.json', 'report.html', 'runs.csv', 'summary.csv']) {
      await rm(join(dir, name));
    }
    await rm(join(dir, 'traces', `${made.at(-1)}.json.gz`));
    expect(await concludeDirectory(dir)).toMatchObject({ missing: 1 });
    const second = await sitOnce();
    expect(second.made).toEqual([made.at(-1)]);
    expect(await loadResult(dir)).toMatchObject({ missing: 0 });
  });
});

describe('a conclusion', () => {
  it('is the same however often it is drawn', async () => {
    await sitOnce();
    const first = await readFile(join(dir, 'result.json'), 'utf8');
    const page = await readFile(join(dir, 'report.html'), 'utf8');
    await rm(join(dir, 'report.html'));
    await concludeDirectory(dir);
    expect(await readFile(join(dir, 'result.json'), 'utf8')).toBe(first);
    expect(await readFile(join(dir, 'report.html'), 'utf8')).toBe(page);
  });
});
