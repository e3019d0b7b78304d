import { describe, expect, it } from 'vitest';
import { isGo, scriptOf } from '../../../src/lab/run/script.ts';
import { type Fault, faultText } from '../../../src/lab/terms/fault.ts';
import type { Setting } from '../../../src/lab/terms/setting.ts';
import { planned } from '../plans.ts';

const script = (setting: Partial<Setting>, seed = 1) =>
  scriptOf(planned('swarm', setting, { seed }));
const faults = (setting: Partial<Setting>, seed = 1): string[] =>
  script(setting, seed).flatMap((step) => (isGo(step) ? [] : [faultText(step)]));

describe('scriptOf', () => {
  it.each<[string, Partial<Setting>, unknown[]]>([
    ['at one go', { arrivals: 'together' }, [{ passes: 0 }, { passes: 0 }, { passes: 0 }]],
    ['one by one', { arrivals: 'one by one' }, [{ passes: 0 }, { completed: 1 }, { completed: 2 }]],
    [
      'so long apart',
      { arrivals: { apartPasses: 0.5 } },
      [{ passes: 0 }, { passes: 0.5 }, { passes: 0.5 }],
    ],
  ])('starts receivers %s', (_, setting, expected) => {
    const goes = script({ receivers: 3, ...setting }).filter(isGo);
    expect(goes.map(({ node }) => node)).toEqual(['receiver-1', 'receiver-2', 'receiver-3']);
    expect(goes.map(({ when }) => when)).toEqual(expected);
  });

  it.each<[Setting['kill'], string[]]>([
    [null, []],
    [1.25, ['kill origin after 1.25 copies']],
    ['first copy', ['kill origin when one copy is out']],
  ])('kills the origin: %s', (kill, expected) => {
    expect(faults({ kill })).toEqual(expected);
  });

  it('lets attackers begin with everybody else', () => {
    const goes = script({ receivers: 1, attackers: 2 }).filter(isGo);
    expect(goes.map(({ node }) => node)).toEqual(['attacker-1', 'attacker-2', 'receiver-1']);
  });

  it('draws lives from the seed, for every second receiver', () => {
    const setting = { receivers: 8, lifetimeShare: 0.3 };
    expect(script(setting, 7)).toEqual(script(setting, 7));
    expect(script(setting, 7)).not.toEqual(script(setting, 8));
    const killed = script(setting, 7).flatMap((step) =>
      'node' in step && !isGo(step) ? [step.node] : [],
    );
    expect(killed.length).toBeGreaterThan(0);
    for (const node of killed) expect(Number(node.split('-')[1]) % 2).toBe(0);
  });

  it('has the mean that it was asked for', () => {
    const shares = Array.from({ length: 300 }, (_, seed) =>
      script({ receivers: 2, lifetimeShare: 0.2 }, seed),
    ).flatMap((steps) =>
      steps.flatMap(({ when }) => ('verifiedShare' in when ? [when.verifiedShare] : [])),
    );
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.17);
    expect(mean).toBeLessThan(0.23);
  });

  it('brings those back who are to come back, each after its own end', () => {
    const steps = script({ receivers: 8, lifetimeShare: 0.3, rejoin: true }, 7).filter(
      (step): step is Fault => !isGo(step),
    );
    expect(steps.length % 2).toBe(0);
    for (let i = 0; i < steps.length; i += 2) {
      expect(steps[i]!.do).toBe('kill');
      expect(steps[i + 1]).toEqual({
        do: 'restart',
        node: (steps[i] as Extract<Fault, { node: string }>).node,
        when: { passes: 0.5 },
      });
    }
  });
});
