import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { planPoint, pointText, sweepPoints } from '../../../src/lab/terms/planned-run.ts';
import {
  type Scenario,
  type ScenarioText,
  scenarioSchema,
} from '../../../src/lab/terms/scenario.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';

const SMALL: ScenarioText = {
  id: 'small-one',
  title: 'A small one',
  question: 'What?',
  arms: [
    { id: 'a', architecture: 'server', text: 'a' },
    {
      id: 'b',
      architecture: 'swarm',
      text: 'b',
      with: { picker: 'random' },
      upTo: { receivers: 2 },
    },
    { id: 'c', architecture: 'swarm', text: 'c' },
  ],
  setting: { receivers: 3, fileBytes: 1024 },
  sweep: { receivers: [1, 4], kill: ['first copy', 2] },
  metrics: ['makespanMs'],
  repetitions: { least: 1, most: 1 },
};
const scenario = (over: Partial<ScenarioText> = {}): Scenario =>
  scenarioSchema.parse({ ...SMALL, ...over });

describe('planning a scenario', () => {
  it('makes a grid of what is swept', () => {
    const texts = sweepPoints(scenario()).map(({ point }) => pointText(point));
    expect(texts).toEqual(['n1-kfirst-copy', 'n1-k2', 'n4-kfirst-copy', 'n4-k2']);
  });

  it('has one point when nothing is swept', () => {
    const [only, ...more] = sweepPoints(scenario({ sweep: {} }));
    expect(more).toEqual([]);
    expect(pointText(only!.point)).toBe('all');
  });

  it('turns the arms round in odd repetitions, and leaves out who does not take part', () => {
    const [few, , many] = sweepPoints(scenario());
    const ids = (at: typeof few, repetition: number) =>
      planPoint(scenario(), at!, repetition, DEFAULTS, 1).map(({ id }) => id);
    expect(ids(few, 0)).toEqual([
      'small-one/n1-kfirst-copy/a/1',
      'small-one/n1-kfirst-copy/b/1',
      'small-one/n1-kfirst-copy/c/1',
    ]);
    expect(ids(many, 1)).toEqual(['small-one/n4-kfirst-copy/c/2', 'small-one/n4-kfirst-copy/a/2']);
  });

  it('lays profile, scenario, point and arm over each other, in this order', () => {
    const [, at] = sweepPoints(scenario());
    const [, b] = planPoint(scenario(), at!, 0, { ...DEFAULTS, fileBytes: 7, receivers: 9 }, 1);
    expect(b!.setting).toMatchObject({
      fileBytes: 1024,
      receivers: 1,
      kill: 2,
      picker: 'random',
      pieceLength: 64 * 1024,
    });
  });

  it('gives the arms of a pair the same seed, and every repetition its own', () => {
    const [at] = sweepPoints(scenario());
    const seeds = [0, 1].map((repetition) => [
      ...new Set(planPoint(scenario(), at!, repetition, DEFAULTS, 5).map(({ seed }) => seed)),
    ]);
    expect(seeds.map(({ length }) => length)).toEqual([1, 1]);
    expect(seeds[0]).not.toEqual(seeds[1]);
  });

  it('refuses more processes than one machine should run', () => {
    const crowd = scenario({ sweep: {}, setting: { receivers: 64, attackers: 60 } });
    expect(() => planPoint(crowd, sweepPoints(crowd)[0]!, 0, DEFAULTS, 1)).toThrow(
      "scenario 'small-one': 126 processes at once are not accepted; at most 100",
    );
  });
});

it('refuses to cut what is no line', () => {
  const cut = scenario({
    sweep: {},
    setting: { faults: [{ do: 'split', when: { verifiedShare: 0.5 } }] },
  });
  expect(() => planPoint(cut, sweepPoints(cut)[0]!, 0, DEFAULTS, 1)).toThrow(
    "scenario 'small-one': 'split' is not accepted with link pacer; only netns has lines to cut",
  );
});

describe('the catalogue', () => {
  it.each(CATALOGUE.map((each) => [each.id, each] as const))('%s can be planned', (_, each) => {
    const runs = sweepPoints(each).flatMap((at) => planPoint(each, at, 0, DEFAULTS, 1));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    const arms = new Set(runs.map(({ arm }) => arm));
    expect(arms).toEqual(new Set(each.arms.map(({ id }) => id)));
    for (const { arm, against } of each.claims) {
      if (arm !== '*') expect(arms).toContain(arm);
      if (against) expect(arms).toContain(against);
    }
  });

  it('has no two scenarios or claims of one name', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    const claims = CATALOGUE.flatMap((each) => each.claims.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(claims).size).toBe(claims.length);
  });
});
