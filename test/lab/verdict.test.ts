import { describe, expect, it } from 'vitest';
import { foldRun } from '../../src/lab/fold.ts';
import type { PlannedRun } from '../../src/lab/scenario.ts';
import { judge, judgeRun } from '../../src/lab/verdict.ts';
import { type Bend, PARAMETERS, syntheticTrace } from './synthetic.ts';
import { syntheticResult } from './synthetic-result.ts';

const scaling: PlannedRun = {
  id: 'x',
  scenario: 'scaling',
  arm: 'swarm',
  link: 'pacer',
  receivers: 4,
  killCopies: null,
  repetition: 0,
};
const kernel: PlannedRun = { ...scaling, link: 'netns' };
const kill: PlannedRun = { ...scaling, scenario: 'kill', receivers: 8, killCopies: 0.5 };
const judged = (plan: PlannedRun, bend: Bend) =>
  judgeRun(foldRun(plan, PARAMETERS, syntheticTrace(plan, PARAMETERS, bend)), PARAMETERS);

describe('the verdict on a run', () => {
  it.each<[string, PlannedRun, Bend, string, RegExp | undefined]>([
    ['nothing wrong', scaling, {}, 'valid', undefined],
    ['nothing wrong with a kill', kill, {}, 'valid', undefined],
    ['a wrong file', scaling, { file: 'different' }, 'invalid', /not the one that was sent/],
    ['no file', scaling, { file: 'absent' }, 'invalid', /its file is not there/],
    ['faster than theory', scaling, { slower: 0.95 }, 'invalid', /below its bound/],
    ['a little faster than theory', scaling, { slower: 0.98 }, 'valid', undefined],
    ['a cap exceeded', scaling, { originCopies: 1.2 }, 'invalid', /origin: uplink cap exceeded/],
    ['a cap exceeded a little', scaling, { originCopies: 1.12 }, 'invalid', /exceeded by 5/],
    [
      'the same in the sockets of a kernel that holds it',
      kernel,
      { originCopies: 1.12 },
      'valid',
      undefined,
    ],
    ['more than sockets hold', kernel, { originCopies: 1.2 }, 'invalid', /uplink cap exceeded/],
    ['bytes lost', scaling, { slower: 2, lostBytes: 1e6 }, 'invalid', /sent and received differ/],
    ['a crash', scaling, { exit: { code: null, signal: 'SIGSEGV' } }, 'unknown', /SIGSEGV/],
    ['an orderly end', scaling, { exit: { code: 0, signal: null } }, 'valid', undefined],
    [
      'load that harmed',
      scaling,
      { slower: 1.3, foreignCpuShare: 0.3 },
      'unknown',
      /30.0 % of the CPU/,
    ],
    ['load that did no harm', scaling, { foreignCpuShare: 0.3 }, 'valid', /not harmed/],
    ['slow without load', scaling, { slower: 1.3 }, 'valid', undefined],
    ['a late event loop', scaling, { slower: 1.3, loopLagMs: 150 }, 'unknown', /late by 150 ms/],
    ['load while the origin dies', kill, { foreignCpuShare: 0.3 }, 'valid', undefined],
    ['a stall that may be the machine', kill, { loopLagMs: 1500 }, 'unknown', /late by 1500 ms/],
    ['giving up after the kill', kill, { exit: { code: 1, signal: null } }, 'valid', undefined],
  ])('%s', (_, plan, bend, state, reason) => {
    const verdict = judged(plan, bend);
    expect(verdict.state).toBe(state);
    if (reason) expect(verdict.reasons.join()).toMatch(reason);
    else expect(verdict.reasons).toEqual([]);
  });

  it('is unknown when the kill never came and not all completed', () => {
    const trace = { ...syntheticTrace(kill, PARAMETERS), fault: null };
    expect(judgeRun(foldRun(kill, PARAMETERS, trace), PARAMETERS).state).toBe('unknown');
  });
});

describe('the verdict on a comparison', () => {
  const nothing = { runs: [], claims: [], calibration: [], missing: 0 };
  const link = (ratio: number | null) => ({
    ...nothing,
    calibration: [
      { arm: 'server' as const, capBytesPerSecond: 1, achievedBytesPerSecond: ratio, ratio },
    ],
  });

  it.each([
    [1, 'valid'],
    [0.96, 'valid'],
    [0.94, 'unknown'],
    [1.04, 'valid'],
    [1.06, 'invalid'],
    [null, 'unknown'],
  ])('with a calibration of %d of the cap is %s', (ratio, state) => {
    expect(judge(link(ratio)).state).toBe(state);
  });

  it('is unknown when planned runs are missing', () => {
    expect(judge({ ...nothing, missing: 2 })).toEqual({
      state: 'unknown',
      reasons: ['2 planned runs were not made'],
    });
  });

  it('is invalid when one run is, and says which', async () => {
    const result = await syntheticResult((plan) =>
      plan.id === 'scaling-n4-server-2' ? { file: 'different' } : {},
    );
    expect(result.verdict.state).toBe('invalid');
    expect(result.verdict.reasons[0]).toMatch(/^scaling-n4-server-2: /);
  });

  it('does not care about the warm-up', async () => {
    const result = await syntheticResult((plan) =>
      plan.scenario === 'warm-up' ? { file: 'different' } : {},
    );
    expect(result.verdict).toEqual({ state: 'valid', reasons: [] });
  });
});
