import { describe, expect, it } from 'vitest';
import { measure } from '../../../src/lab/schedule/measure.ts';
import type { PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import type { Run } from '../../../src/lab/terms/result.ts';
import type { Scenario } from '../../../src/lab/terms/scenario.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { HubswarmError } from '../../../src/runtime/errors.ts';
import { mockRun, mockScenario, mockTrace } from '../mock-lab.ts';

interface Given {
  scenarios?: Scenario[];
  budgetMs?: number;
  done?: readonly Run[];
  skip?: (scenario: Scenario) => string | null;
  fail?: (plan: PlannedRun) => Error | undefined;
  /** Ends it while this run is made. */
  stopAt?: string;
}

/** Every run takes a second of a clock that only runs move. */
function setup(given: Given = {}) {
  const log: string[] = [];
  const starts: { id: string; index: number; total: number; upcoming: number }[] = [];
  const abort = new AbortController();
  let clock = 0;
  const result = measure({
    scenarios: given.scenarios ?? [mockScenario()],
    ...{ base: DEFAULTS, seed: 7, done: given.done ?? [] },
    execute: async (plan, signal) => {
      clock += 1000;
      if (plan.id === given.stopAt) abort.abort(new HubswarmError('ERR_ABORTED', 'stopped'));
      signal.throwIfAborted();
      const error = given.fail?.(plan);
      if (error) throw error;
      return mockTrace(plan);
    },
    runOf: (trace) => mockRun(trace, trace.plan.repetition % 2 === 0 ? 1000 : 3000),
    now: () => clock,
    budgetMs: given.budgetMs ?? Number.POSITIVE_INFINITY,
    signal: abort.signal,
    skip: given.skip ?? (() => null),
    onStart: ({ id }, index, total, upcoming) =>
      starts.push({ id, index, total, upcoming: upcoming.length }),
    onTrace: ({ plan }) => {
      log.push(`trace ${plan.id}`);
    },
    onRun: ({ id }) => log.push(`run ${id}`),
    onFailure: ({ id }, message) => log.push(`not ${id}: ${message}`),
  });
  return { result, log, starts };
}

describe('measure', () => {
  it('warms up, keeps nothing of that, and hands over each trace before its run', async () => {
    const { result, log, starts } = setup({ scenarios: [mockScenario({ sweep: {} })] });
    const { runs, missing, interrupted } = await result;
    expect(starts.map(({ id }) => id)).toEqual([
      ...['warm-up/all/server/1', 'warm-up/all/swarm/1'],
      ...['one/all/a/1', 'one/all/b/1', 'one/all/b/2', 'one/all/a/2'],
    ]);
    expect(log).toEqual(runs.flatMap(({ id }) => [`trace ${id}`, `run ${id}`]));
    expect(runs).toHaveLength(4);
    expect({ missing, interrupted }).toEqual({ missing: 0, interrupted: false });
  });

  it('counts through, and says what is still to come', async () => {
    const { result, starts } = setup({ scenarios: [mockScenario({ sweep: {} })] });
    await result;
    expect(starts.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(starts.map(({ upcoming }) => upcoming)).toEqual([5, 4, 3, 2, 1, 0]);
    expect(starts.every(({ total }) => total === 6)).toBe(true);
  });

  it('stops repeating when the budget is spent, between pairs', async () => {
    const scenarios = [mockScenario({ repetitions: { least: 2, most: 9 } })];
    const seconds = 2 + 8 + 5;
    const { runs, missing } = await setup({ scenarios, budgetMs: seconds * 1000 }).result;
    expect(runs).toHaveLength(8 + 4);
    expect(missing).toBe(0);
    const none = await setup({ scenarios, budgetMs: 0 }).result;
    expect(none.runs).toHaveLength(8);
  });

  it('goes on after a run that could not be made, tells and counts it', async () => {
    const { result, log } = setup({
      fail: ({ id }) =>
        id === 'one/n4/b/1' ? new HubswarmError('ERR_MEASUREMENT', 'no port') : undefined,
    });
    const { runs, missing } = await result;
    expect([runs.length, missing]).toEqual([7, 1]);
    expect(log).toContain('not one/n4/b/1: no port');
    expect(log).not.toContain('trace one/n4/b/1');
  });

  it.each([
    ['of a warm-up', 'ERR_MEASUREMENT', 'warm-up/all/swarm/1', 0],
    ['that is no accident of one run', 'ERR_DISK_FULL', 'one/n2/b/1', 1],
  ] as const)('ends at once on a failure %s', async (_, code, id, made) => {
    const { result, log } = setup({
      fail: (plan) => (plan.id === id ? new HubswarmError(code, 'no') : undefined),
    });
    await expect(result).rejects.toMatchObject({ code });
    expect(log.filter((line) => line.startsWith('run'))).toHaveLength(made);
  });

  it.each(['warm-up/all/server/1', 'one/n2/a/1', 'one/n4/b/2'])(
    'gives back what there is when it is stopped in %s',
    async (stopAt) => {
      const { result, log, starts } = setup({ stopAt });
      const { runs, missing, interrupted } = await result;
      expect(starts.at(-1)!.id).toBe(stopAt);
      expect(interrupted).toBe(true);
      expect(missing).toBe(8 - runs.length);
      expect(log).toHaveLength(2 * runs.length);
    },
  );

  it('makes nothing again that an earlier sitting made, and nothing at all when all is there', async () => {
    const first = await setup({ stopAt: 'one/n2/b/2' }).result;
    const { result, starts } = setup({ done: first.runs });
    const { runs, missing } = await result;
    const again = new Set(first.runs.map(({ id }) => id));
    expect(starts.filter(({ id }) => again.has(id))).toEqual([]);
    expect([runs.length, missing]).toEqual([8, 0]);
    const third = setup({ done: runs });
    expect((await third.result).runs).toEqual(runs);
    expect(third.starts).toEqual([]);
  });

  it('leaves out what cannot be run here, with the reason, and misses nothing of it', async () => {
    const { result, starts } = setup({
      scenarios: [mockScenario(), mockScenario({ id: 'two' })],
      skip: ({ id }) => (id === 'one' ? 'no such kernel' : null),
    });
    const { scenarios, missing } = await result;
    expect(scenarios.map(({ scenario, skipped }) => [scenario.id, skipped])).toEqual([
      ['one', 'no such kernel'],
      ['two', null],
    ]);
    expect(missing).toBe(0);
    expect(starts.some(({ id }) => id.startsWith('one'))).toBe(false);
  });
});
