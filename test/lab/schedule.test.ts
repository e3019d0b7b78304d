import { describe, expect, it } from 'vitest';
import { isExtra, schedule } from '../../src/lab/schedule.ts';
import { PARAMETERS } from './synthetic.ts';

const plans = schedule({ ...PARAMETERS, repetitions: 4, killRepetitions: 2 });
const armsWhere = (scenario: string, receivers: number): string =>
  plans
    .filter((plan) => plan.scenario === scenario && plan.receivers === receivers)
    .map(({ arm }) => (arm === 'server' ? 'A' : 'B'))
    .join('');

describe('schedule', () => {
  it('warms up and calibrates each arm before anything counts', () => {
    expect(plans.slice(0, 4).map(({ scenario, arm }) => `${scenario} ${arm}`)).toEqual([
      'warm-up server',
      'warm-up swarm',
      'calibration server',
      'calibration swarm',
    ]);
  });

  it.each(PARAMETERS.receivers)('alternates A B B A with %i receivers', (receivers) => {
    expect(armsWhere('scaling', receivers)).toBe('ABBAABBA');
  });

  it('kills the origin of both arms at every point', () => {
    for (const copies of PARAMETERS.killCopies) {
      const runs = plans.filter(({ killCopies }) => killCopies === copies);
      expect(runs.map(({ arm }) => arm)).toEqual(['server', 'swarm', 'swarm', 'server']);
      expect(runs.every(({ receivers }) => receivers === PARAMETERS.killReceivers)).toBe(true);
    }
  });

  it('makes runs with both kinds of link next to each other where the kernel holds them', () => {
    const made = schedule({ ...PARAMETERS, link: 'netns' });
    const agreement = made.filter(({ scenario }) => scenario === 'agreement');
    expect(agreement.map(({ arm, link }) => `${arm} ${link}`)).toEqual([
      ...['server pacer', 'server netns', 'swarm pacer', 'swarm netns'],
      ...['swarm netns', 'swarm pacer', 'server netns', 'server pacer'],
    ]);
    expect(agreement.every(({ receivers }) => receivers === 4)).toBe(true);
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
    const others = made.filter(({ scenario }) => scenario !== 'agreement');
    expect(others.every(({ link }) => link === 'netns')).toBe(true);
  });

  it('calibrates nothing where nothing is held', () => {
    const made = schedule({ ...PARAMETERS, link: 'none' });
    expect(made.some(({ scenario }) => scenario === 'calibration')).toBe(false);
  });

  it('has what a budget may drop at its end, and an id of its own for each run', () => {
    const firstExtra = plans.findIndex(isExtra);
    expect(firstExtra).toBeGreaterThan(plans.findLastIndex(({ scenario }) => scenario === 'kill'));
    expect(plans.slice(firstExtra).every(isExtra)).toBe(true);
    expect(new Set(plans.map(({ id }) => id)).size).toBe(plans.length);
  });
});
