import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { lackOf } from '../../../src/lab/schedule/needs.ts';
import {
  chosenProfile,
  describeScenario,
  FULL,
  findScenario,
  narrow,
  type Overrides,
  override,
} from '../../../src/lab/schedule/profile.ts';
import { quickProfile } from '../../../src/lab/schedule/quick.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { sweepPoints } from '../../../src/lab/terms/planned-run.ts';
import type { Scenario } from '../../../src/lab/terms/scenario.ts';
import { DEFAULTS, passMs } from '../../../src/lab/terms/setting.ts';

const MIB = 2 ** 20;
const QUICK = quickProfile('pacer');
const idsOf = (scenarios: readonly Scenario[]): string[] => scenarios.map(({ id }) => id);
const one = (profile: { scenarios: readonly Scenario[] }, id: string): Scenario =>
  profile.scenarios.find((scenario) => scenario.id === id)!;
const claimsOf = ({ claims }: Scenario): string[] => claims.map(({ id }) => id);

/** About, in seconds: a server sends N copies one after the other, and each run has to start. */
function leastSeconds(scenarios: readonly Scenario[]): number {
  const plans = new Schedule({ scenarios, base: DEFAULTS, seed: 1 }).upcoming();
  return plans.reduce((sum, { architecture, setting }) => {
    const { kill, receivers, link } = setting;
    const copies = architecture === 'server' ? receivers : 1.2;
    const sent = kill === null ? copies : Math.min(copies, kill === 'first copy' ? 1 : kill) + 1.5;
    return sum + (passMs(setting) * sent) / 1000 / (link === 'none' ? 10 : 1) + 0.5;
  }, 0);
}

describe('profiles', () => {
  it('quick asks what the first claims are about, in its budget', () => {
    expect(idsOf(QUICK.scenarios)).toEqual(['calibration', 'scaling', 'kill']);
    const arms = QUICK.scenarios.map((scenario) => scenario.arms.map(({ id }) => id).join());
    expect(arms).toEqual(['server,swarm', 'server,swarm,hybrid', 'server,swarm,hybrid']);
    expect(one(QUICK, 'scaling').repetitions).toEqual({ least: 2, most: 3 });
    expect(leastSeconds(QUICK.scenarios)).toBeLessThan(QUICK.budgetMs / 1000);
  });

  it('quick compares both kinds of link where the kernel holds them', () => {
    expect(idsOf(quickProfile('netns').scenarios)).toContain('links');
  });

  it('full is the whole catalogue, and what it makes in any case fits', () => {
    expect(FULL.scenarios).toBe(CATALOGUE);
    expect(leastSeconds(FULL.scenarios)).toBeLessThan(FULL.budgetMs / 1000);
  });
});

describe('a narrowing', () => {
  it('takes claims about an arm along that is gone, on either side', () => {
    const narrowed = narrow(findScenario('calibration'), { arms: ['server', 'swarm'] });
    expect(claimsOf(narrowed)).toEqual(['links-held']);
    const kept = narrow(findScenario('calibration'), { arms: ['server', 'server-tls'] });
    expect(claimsOf(kept)).toEqual(['links-held', 'tls-is-free']);
  });

  it('changes no more than it says', () => {
    expect(narrow(findScenario('kill'), {})).toEqual(findScenario('kill'));
    const { setting } = narrow(findScenario('scaling'), { setting: { fileBytes: 1 } });
    expect(setting).toEqual({ fileBytes: 1, uplinkBytesPerSecond: MIB });
  });
});

describe('overrides', () => {
  const all = (given: Overrides) => override(FULL, given);

  it('leave everything as it is when nothing is given', () => {
    const { notes, ...profile } = all({});
    expect([profile, notes]).toEqual([FULL, []]);
  });

  it('--receivers replaces a sweep, and caps what does not sweep', () => {
    const given = all({ receivers: [4, 2, 4] });
    expect(one(given, 'scaling').sweep.receivers).toEqual([2, 4]);
    expect(one(given, 'churn').setting.receivers).toBe(4);
    expect(one(given, 'calibration').sweep.receivers).toEqual([1, 4]);
    expect(one(all({ receivers: [2] }), 'calibration').sweep.receivers).toEqual([1]);
    expect(one(all({ receivers: [64] }), 'churn').setting.receivers).toBe(8);
  });

  it('--kills replaces the moments; none leaves the scenario out and says so', () => {
    expect(one(all({ kills: ['first copy', 2, 2] }), 'kill').sweep.kill).toEqual(['first copy', 2]);
    const none = all({ kills: [] });
    expect(one(none, 'kill')).toBeUndefined();
    expect(none.notes).toEqual(["scenario 'kill' is left out: no kills were asked for"]);
  });

  it('leaves out by itself a kill that would come too late, and refuses one that was asked for', () => {
    expect(one(override(QUICK, { receivers: [2] }), 'kill').sweep.kill).toEqual([
      0.5,
      'first copy',
    ]);
    expect(() => override(QUICK, { receivers: [2], kills: [2] })).toThrow(
      /--kills: 2 is not accepted; with 2 receivers give copies below 2, or first-copy/,
    );
  });

  it('a size, or that of a file, holds for all, and leaves out what is about sizes', () => {
    const given = all({ fileBytes: 5 * MIB });
    const sizes = new Schedule({ ...given, seed: 1 })
      .upcoming()
      .map((run) => run.setting.fileBytes);
    expect(new Set(sizes)).toEqual(new Set([5 * MIB]));
    expect(one(given, 'small')).toBeUndefined();
    expect(given.notes).toEqual([
      "scenario 'small' is left out: it is about files of several sizes",
    ]);
  });

  it('--uplink and --downlink hold for all, whatever a scenario says of its own', () => {
    const given = all({ uplinkBytesPerSecond: 1000, downlinkBytesPerSecond: 3000 });
    for (const { setting } of new Schedule({ ...given, seed: 1 }).upcoming()) {
      expect([setting.uplinkBytesPerSecond, setting.downlinkFactor]).toEqual([1000, 3]);
    }
    // Where a scenario has an uplink of its own, the downlink is still what was given.
    const down = one(all({ downlinkBytesPerSecond: 3 * MIB }), 'unequal');
    expect(down.setting.downlinkFactor).toBe(6);
  });

  it('without links nothing that needs a rate is run or claimed, unless it was asked for', () => {
    const none = override(QUICK, { link: 'none' });
    expect(idsOf(none.scenarios)).toEqual(['scaling']);
    expect(claimsOf(one(none, 'scaling'))).toEqual([]);
    expect(none.base.link).toBe('none');
    expect(idsOf(override(QUICK, { link: 'none', kills: [0.5] }).scenarios)).toContain('kill');
    const full = all({ link: 'none' });
    // Those have links of their own.
    expect(one(full, 'cost').claims).not.toEqual([]);
    expect(one(full, 'partition').claims).not.toEqual([]);
    expect(one(full, 'late')).toBeUndefined();
    expect(claimsOf(one(full, 'malice'))).toContain('no-bad-byte');
  });

  it('--repetitions is least and most, and takes the time it takes', () => {
    const given = all({ repetitions: 7 });
    expect(given.budgetMs).toBe(Number.POSITIVE_INFINITY);
    expect(given.scenarios.every(({ repetitions: { least, most } }) => least + most === 14)).toBe(
      true,
    );
  });

  it('is refused where nothing is left', () => {
    const kill = chosenProfile([findScenario('kill')]);
    expect(() => override(kill, { kills: [] })).toThrow(
      /^nothing is left to measure: scenario 'kill' is left out/,
    );
  });
});

describe('the catalogue by name', () => {
  it('names what it knows when it does not know a name', () => {
    expect(() => findScenario('kil')).toThrow(
      /^--scenario: 'kil' is not known; give calibration, .*kill, .*, or a file/,
    );
  });

  it.each(CATALOGUE.map((scenario) => [scenario.id, scenario] as const))(
    'describes %s with its question, arms, points and claims',
    (_, scenario) => {
      const text = describeScenario(scenario);
      for (const { id } of [...scenario.arms, ...scenario.claims]) expect(text).toContain(id);
      expect(text).toContain(scenario.question);
      expect(text).toMatch(new RegExp(`points +${sweepPoints(scenario).length}\\b`));
    },
  );
});

describe('what a scenario needs', () => {
  const bare = { networkLacks: ['no namespaces'], hasBalancer: () => false };
  const rich = { networkLacks: [], hasBalancer: () => true };

  it.each([
    ['scaling', null],
    ['partition', 'needs links of the kernel: no namespaces'],
    ['links', 'needs links of the kernel: no namespaces'],
    ['replicas', 'needs nginx, which is not installed'],
    ['kill', null],
  ])('%s on a bare machine: %s', (id, lack) => {
    expect(lackOf(findScenario(id), DEFAULTS, bare)).toBe(lack);
    expect(lackOf(findScenario(id), DEFAULTS, rich)).toBeNull();
  });

  it('is what the command line makes of it', () => {
    expect(lackOf(findScenario('kill'), { ...DEFAULTS, link: 'netns' }, bare)).toMatch(/kernel/);
  });
});
