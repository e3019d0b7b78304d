import { describe, expect, it } from 'vitest';
import { measure } from '../../src/lab/measure.ts';
import type { PlannedRun } from '../../src/lab/scenario.ts';
import { schedule } from '../../src/lab/schedule.ts';
import { HubswarmError } from '../../src/runtime/errors.ts';
import { PARAMETERS, syntheticTrace } from './synthetic.ts';

/** Every run takes a second of a clock that only runs move. */
function setup(
  over: {
    budgetMs?: number;
    repetitions?: number;
    fail?: (plan: PlannedRun) => Error | undefined;
  } = {},
) {
  const made: string[] = [];
  const failures: string[] = [];
  const abort = new AbortController();
  let clock = 0;
  const parameters = { ...PARAMETERS, repetitions: over.repetitions ?? 2 };
  const result = measure({
    parameters,
    execute: async (plan) => {
      clock += 1000;
      const error = over.fail?.(plan);
      if (error) throw error;
      return syntheticTrace(plan, parameters);
    },
    now: () => clock,
    budgetMs: over.budgetMs ?? Number.POSITIVE_INFINITY,
    signal: abort.signal,
    onStart: () => {},
    onRun: (run) => {
      made.push(run.id);
    },
    onFailure: (plan, message) => failures.push(`${plan.id}: ${message}`),
  });
  return { result, made, failures, abort, parameters };
}

describe('measure', () => {
  it('makes the runs in the order of the schedule and hands over each as it ends', async () => {
    const { result, made, parameters } = setup();
    const { runs, missing } = await result;
    expect(made).toEqual(schedule(parameters).map(({ id }) => id));
    expect(runs.map(({ id }) => id)).toEqual(made);
    expect(missing).toBe(0);
  });

  it('drops whole pairs of later repetitions when time runs out, and nothing else', async () => {
    const sure = schedule(PARAMETERS).length;
    const { result, made } = setup({ repetitions: 5, budgetMs: (sure + 5) * 1000 });
    expect((await result).missing).toBe(0);
    expect(made).toHaveLength(sure + 4);
    const none = setup({ repetitions: 5, budgetMs: 0 });
    await none.result;
    expect(none.made).toHaveLength(sure);
  });

  it('goes on after a run that could not be made, and counts it', async () => {
    const { result, made, failures } = setup({
      fail: (plan) =>
        plan.id === 'scaling-n4-swarm-1'
          ? new HubswarmError('ERR_MEASUREMENT', 'no port')
          : undefined,
    });
    expect((await result).missing).toBe(1);
    expect(failures).toEqual(['scaling-n4-swarm-1: no port']);
    expect(made).not.toContain('scaling-n4-swarm-1');
    expect(made).toContain('scaling-n4-swarm-2');
  });

  it.each([
    ['of a warm-up', 'ERR_MEASUREMENT', 'warm-up-n1-server-1'],
    ['that is no accident of one run', 'ERR_DISK_FULL', 'scaling-n2-server-1'],
  ] as const)('ends at once on a failure %s', async (_, code, id) => {
    const { result, made } = setup({
      fail: (plan) => (plan.id === id ? new HubswarmError(code, 'no') : undefined),
    });
    await expect(result).rejects.toMatchObject({ code });
    expect(made.length).toBeLessThan(6);
  });

  it('stops between runs when told to', async () => {
    const { result, abort, made } = setup();
    abort.abort(new HubswarmError('ERR_ABORTED', 'stopped'));
    await expect(result).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(made.length).toBeLessThan(3);
  });
});
