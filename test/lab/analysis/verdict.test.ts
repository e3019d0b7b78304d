import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/lab/analysis/verdict.ts';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import type { PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import type { Result, Run } from '../../../src/lab/terms/result.ts';
import type { Scenario } from '../../../src/lab/terms/scenario.ts';
import { type Bend, syntheticTrace } from '../synthetic.ts';
import {
  type Bending,
  plansOf,
  runOf,
  syntheticResult,
  syntheticRuns,
} from '../synthetic-result.ts';

const scenarioOf = (id: string) => CATALOGUE.find((scenario) => scenario.id === id)!;

function planOf(id: string): PlannedRun {
  const plan = plansOf(scenarioOf(id.split('/')[0]!)).find((one) => one.id === id);
  if (!plan) throw new Error(`no run ${id}`);
  return plan;
}

const verdictOf = (plan: PlannedRun, bend: Bend): Run['verdict'] =>
  runOf(syntheticTrace(plan, bend)).verdict;

const SWARM = planOf('scaling/n4/swarm/1');
const KERNEL = planOf('links/all/swarm-kernel/1');
const KILL = planOf('kill/k0.5/swarm/1');
const SERVER_KILL = planOf('kill/k2/server/1');
const UNMET = planOf('kill/k3/swarm/1');
const REPLICA = planOf('replica-killed/all/nginx/1');
const CHURN = planOf('churn/all/swarm-vanishes/1');
const LEAVES = planOf('churn/all/swarm-leaves/1');
const POISON = planOf('malice/attackers2/poison/1');
const FREE = planOf('cost/all/swarm/1');

describe('the verdict on a run', () => {
  const crash = { code: null, signal: 'SIGSEGV' };

  it.each<[string, PlannedRun, Bend, string, RegExp | undefined]>([
    ['nothing wrong', SWARM, {}, 'valid', undefined],
    ['nothing wrong with a kill', KILL, {}, 'valid', undefined],
    ['nothing wrong when half vanish', CHURN, {}, 'valid', undefined],
    ['nothing wrong when they leave', LEAVES, {}, 'valid', undefined],
    ['nothing wrong among attackers', POISON, {}, 'valid', undefined],
    ['a wrong file', SWARM, { file: 'different' }, 'invalid', /not the one that was sent/],
    ['no file', SWARM, { file: 'absent' }, 'invalid', /its file is not there/],
    ['faster than theory', SWARM, { slower: 0.9 }, 'invalid', /below its bound \(whole pieces\)/],
    ['a little faster than theory', SWARM, { slower: 0.96 }, 'valid', undefined],
    ['a cap exceeded', SWARM, { originCopies: 1.8 }, 'invalid', /origin: uplink cap exceeded/],
    ['as much as sockets of a kernel hold', KERNEL, { originCopies: 1.1 }, 'valid', undefined],
    ['more than sockets hold', KERNEL, { originCopies: 1.3 }, 'invalid', /uplink cap exceeded/],
    ['bytes lost', SWARM, { slower: 2, lostBytes: 1e6 }, 'invalid', /sent and received differ/],
    ['bytes lost with a killed node', CHURN, { slower: 2, lostBytes: 1e6 }, 'valid', undefined],
    ['bytes lost to attackers', POISON, { slower: 2, lostBytes: 1e6 }, 'valid', undefined],
    [
      'a crash',
      SWARM,
      { exit: crash },
      'unknown',
      /receiver-1 ended unasked \(SIGSEGV\): it broke/,
    ],
    ['an orderly end', SWARM, { exit: { code: 0, signal: null } }, 'valid', undefined],
    [
      'giving up with a fault',
      SERVER_KILL,
      { exit: { code: 4, signal: null } },
      'valid',
      undefined,
    ],
    [
      'giving up without one',
      SWARM,
      { stranded: 4, exit: { code: 4, signal: null } },
      'unknown',
      /exit code 4/,
    ],
    ['a crash of who completed', REPLICA, { exit: crash }, 'unknown', /SIGSEGV/],
    ['a step that came too late to matter', UNMET, {}, 'valid', undefined],
    [
      'a step that never came',
      UNMET,
      { stranded: 1 },
      'unknown',
      /never came.*kill origin after 3/,
    ],
    [
      'load that harmed',
      SWARM,
      { slower: 1.3, foreignCpuShare: 0.3 },
      'unknown',
      /30.0 % of the CPU/,
    ],
    ['load that did no harm', SWARM, { foreignCpuShare: 0.3 }, 'valid', /not harmed/],
    ['slow without load', SWARM, { slower: 1.3 }, 'valid', undefined],
    ['a late event loop', SWARM, { slower: 1.3, loopLagMs: 150 }, 'unknown', /late by 150 ms/],
    ['a loop busy with what nothing holds', FREE, { loopLagMs: 150 }, 'valid', undefined],
    ['load where nothing holds', FREE, { foreignCpuShare: 0.3 }, 'unknown', /of the CPU/],
    ['load while the origin dies', KILL, { foreignCpuShare: 0.3 }, 'valid', undefined],
    ['a stall that may be the machine', KILL, { loopLagMs: 1500 }, 'unknown', /late by 1500 ms/],
    ['... where all completed', REPLICA, { loopLagMs: 1500 }, 'valid', /not harmed/],
  ])('of %s', (_, plan, bend, state, reason) => {
    const verdict = verdictOf(plan, bend);
    expect(verdict.state).toBe(state);
    if (reason) expect(verdict.reasons.join('\n')).toMatch(reason);
    else expect(verdict.reasons).toEqual([]);
  });

  it('names the most serious reason first', () => {
    const verdict = verdictOf(SWARM, { file: 'different', exit: crash, foreignCpuShare: 0.5 });
    expect(verdict.state).toBe('invalid');
    expect(verdict.reasons).toHaveLength(3);
    expect(verdict.reasons[0]).toMatch(/not the one/);
  });
});

describe('the verdict on the whole', () => {
  const few = ['calibration', 'scaling', 'kill'].map(scenarioOf);
  const bent = (bend: Bending): Result => syntheticResult(bend, few);
  const in_ =
    (id: string, bend: Bend): Bending =>
    (plan) =>
      plan.id.startsWith(id) ? bend : {};

  it.each<[string, Bending, string, RegExp | undefined]>([
    ['nothing wrong', () => ({}), 'valid', undefined],
    [
      'a claim that fails',
      in_('scaling/n16/swarm', { slower: 4, originCopies: 3 }),
      'valid',
      undefined,
    ],
    [
      'one invalid run',
      in_('scaling/n4/swarm/1', { file: 'different' }),
      'invalid',
      /n4\/swarm\/1/,
    ],
    [
      'a claim that load may have decided',
      in_('scaling/n8/swarm', { slower: 4, foreignCpuShare: 0.5 }),
      'unknown',
      /claim 'swarm-faster'/,
    ],
    [
      'a cap missed alone',
      in_('calibration/n1/swarm/', { slower: 1.1 }),
      'unknown',
      /calibration of swarm: cap missed by/,
    ],
  ])('of %s', (_, bend, state, reason) => {
    const { verdict } = bent(bend);
    expect(verdict.state).toBe(state);
    if (reason) expect(verdict.reasons.join('\n')).toMatch(reason);
    else expect(verdict.reasons).toEqual([]);
  });

  it('is invalid when a link alone gives more than its cap', () => {
    const runs = syntheticRuns(scenarioOf('calibration')).map((run) =>
      run.metrics.linkUse == null ? run : { ...run, metrics: { ...run.metrics, linkUse: 1.08 } },
    );
    const verdict = judge({ scenarios: CATALOGUE, runs, claims: [], missing: 0 });
    expect(verdict).toMatchObject({ state: 'invalid' });
    expect(verdict.reasons[0]).toMatch(/cap exceeded by 8.0 %/);
  });

  it("goes by a person's own calibration as by ours", () => {
    const own = { ...scenarioOf('calibration'), id: 'mine' };
    const tooFast = (run: Run): Run =>
      run.metrics.linkUse == null ? run : { ...run, metrics: { ...run.metrics, linkUse: 1.08 } };
    const runs = syntheticRuns(own).map(tooFast);
    const verdictAs = (role: Scenario['role']) =>
      judge({ scenarios: [{ ...own, role }], runs, claims: [], missing: 0 }).state;
    expect(verdictAs('calibration')).toBe('invalid');
    expect(verdictAs(null)).toBe('valid');
  });

  it('is unknown when runs are missing', () => {
    expect(judge({ scenarios: [], runs: [], claims: [], missing: 3 })).toEqual({
      state: 'unknown',
      reasons: ['3 planned runs were not made'],
    });
  });
});
