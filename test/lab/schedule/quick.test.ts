import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundOf } from '../../../src/lab/analysis/bound.ts';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { choiceText } from '../../../src/lab/schedule/choice-text.ts';
import { type Fitted, fitQuick, planSwarm, quickProfile } from '../../../src/lab/schedule/quick.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { costOf } from '../../../src/lab/schedule/survey.ts';
import type { RunNode } from '../../../src/lab/terms/result.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';

/** As measured on two cores of a virtual machine; times two is a machine of half the speed. */
const COST = { startCpuMs: 165, swarmCpuMs: 650 };
const times = (factor: number) => ({
  startCpuMs: COST.startCpuMs * factor,
  swarmCpuMs: COST.swarmCpuMs * factor,
});

const plansOf = (fitted: Fitted) => {
  const { scenarios, base } = quickProfile('pacer', fitted);
  return new Schedule({ scenarios, base, seed: 1 }).upcoming();
};

describe('the quick comparison', () => {
  it.each<[string, number, number, number]>([
    ['a fast machine with many cores', 1, 16, 8],
    ['two cores', 1, 2, 8],
    ['a quota of 1.2', 1, 1.2, 7],
    ['one core', 1, 1, 6],
    ['two cores at half the speed', 2, 2, 6],
    ['0.8 of a core', 1, 0.8, 6],
    ['half a core', 1, 0.5, 4],
  ])('fits %s', (_, slowness, cores, most) => {
    const fitted = fitQuick(times(slowness), cores);
    expect(fitted.swarm).toBe('measured');
    expect(fitted.receivers.at(-1)).toBeLessThanOrEqual(most);
    expect(fitted.receivers.at(-1)).toBeGreaterThanOrEqual(Math.min(most, 8) - 1);
  });

  it('keeps CPU, time and the gain that the bounds allow, whatever the machine', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.3, max: 6, noNaN: true }),
        fc.double({ min: 0.05, max: 64, noNaN: true }),
        (slowness, cores) => {
          const fitted = fitQuick(times(slowness), cores);
          if (fitted.swarm === 'simulated') return;
          const { receivers, fileBytes, uplinkBytesPerSecond } = fitted;
          expect(fitted.cpuShare).toBeLessThan(0.6);
          expect(fitted.seconds).toBeLessThan(115);
          const most = receivers.at(-1)!;
          expect(receivers).toEqual([2, 4, ...(most > 4 ? [most] : [])]);
          const setting = { ...DEFAULTS, fileBytes, uplinkBytesPerSecond, receivers: most };
          const whole = { ...setting, pieceLength: 64 * 1024 };
          const gain = boundOf(whole, 'server').seconds / boundOf(whole, 'swarm').seconds;
          expect(gain).toBeGreaterThan(3);
          expect(fileBytes / uplinkBytesPerSecond).toBeGreaterThan(1.99);
        },
      ),
    );
  });

  it('runs what it chose, with the claims of the catalogue', () => {
    const fitted = fitQuick(COST, 1.2);
    const scaling = plansOf(fitted).filter(({ scenario }) => scenario === 'scaling');
    expect(scaling.map(({ setting }) => setting.receivers)).toEqual([2, 2, 4, 4, 7, 7]);
    expect(new Set(scaling.map(({ setting }) => setting.uplinkBytesPerSecond)).size).toBe(1);
    for (const { id, claims } of quickProfile('pacer', fitted).scenarios) {
      const known = CATALOGUE.find((scenario) => scenario.id === id)!.claims;
      for (const claim of claims) expect(known).toContainEqual(claim);
    }
  });

  it.each<[string, number, string[]]>([
    ['in both where that ends in time', 4, ['scaling', 'kill']],
    ['nowhere where it would cost too much time', 0.8, []],
  ])('has a hub that is a peer %s', (_, cores, hybridIn) => {
    const fitted = fitQuick(COST, cores);
    expect(fitted.hybridIn).toEqual(hybridIn);
    expect(fitted.seconds).toBeLessThanOrEqual(105);
    const hybrids = plansOf(fitted).filter(({ architecture }) => architecture === 'hybrid');
    expect([...new Set(hybrids.map(({ scenario }) => scenario))]).toEqual(hybridIn);
  });

  it('takes no more receivers than memory holds', () => {
    expect(fitQuick(COST, 8, (receivers) => receivers <= 6).receivers).toEqual([2, 4, 6]);
    expect(fitQuick(COST, 8, () => false).swarm).toBe('simulated');
  });

  it('measures the server alone where there is too little CPU, and plans the swarm', () => {
    const fitted = fitQuick(COST, 0.2);
    expect(fitted).toMatchObject({ swarm: 'simulated', receivers: [2, 4, 8] });
    const { scenarios, base } = quickProfile('pacer', fitted, ['server']);
    const plans = new Schedule({ scenarios, base, seed: 1 }).upcoming();
    expect(new Set(plans.map(({ architecture }) => architecture))).toEqual(new Set(['server']));
    const swarms = scenarios.flatMap((scenario) => planSwarm(scenario, base, 1));
    expect(swarms.map(({ arm, point }) => [arm, point])).toEqual(
      plans.map(({ point }) => ['swarm', point]),
    );
  });

  it.each([1, 2, 4, 8])('ends in time with the server alone, %d times as slow', (slowness) => {
    expect(fitQuick(times(slowness), 0.25).seconds).toBeLessThan(115);
  });
});

const CORES = { present: 2, affinity: 2, quota: 1.2, foreign: 0.02, free: 1.2 };

describe('what it says', () => {
  it('is one line with what was chosen and why', () => {
    const text = choiceText(fitQuick(COST, 1.2), CORES, COST);
    expect(text).toMatch(/^N = 2, 4, 7 with 0\.75 MiB at 0\.\d\d MiB\/s \(\d\.\d\d s a copy\)/);
    expect(text).toContain('1.2 cores are to be had (of 2: a quota leaves 1.2)');
    expect(text).toMatch(/the largest swarm then uses \d\d % of them; about \d+ s in all$/);
  });

  it('names affinity and others where they are the reason', () => {
    const cores = { present: 8, affinity: 2, quota: null, foreign: 0.5, free: 1.5 };
    expect(choiceText(fitQuick(COST, 1.5), cores, COST)).toContain(
      '1.5 cores are to be had (of 8: affinity leaves 2, others use 0.5)',
    );
  });

  it('says what can still be shown', () => {
    const text = choiceText(fitQuick(COST, 0.2), { ...CORES, quota: 0.2, free: 0.2 }, COST);
    expect(text).toMatch(/^the server alone is measured, .* the swarm simulated beside its bounds/);
  });
});

describe('what a survey found', () => {
  const node = (cpuStartMs: number | null, cpuTransferMs: number | null) =>
    ({ cpuStartMs, cpuTransferMs }) as RunNode;

  it('is the start of one and the transfer of all', () => {
    expect(costOf([node(100, 50), node(200, 70)])).toEqual({ startCpuMs: 150, swarmCpuMs: 120 });
  });

  it('is nothing where a system does not count', () => {
    expect(costOf([node(100, 50), node(null, 70)])).toBeUndefined();
    expect(costOf([node(0, 0)])).toBeUndefined();
  });
});
