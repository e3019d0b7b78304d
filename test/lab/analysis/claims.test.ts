import { describe, expect, it } from 'vitest';
import { checkScenario } from '../../../src/lab/analysis/check-scenario.ts';
import { judgeClaims } from '../../../src/lab/analysis/claims.ts';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import type { PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import type { Claim } from '../../../src/lab/terms/result.ts';
import {
  type Scenario,
  type ScenarioText,
  scenarioSchema,
} from '../../../src/lab/terms/scenario.ts';
import type { Bend } from '../synthetic.ts';
import { type Bending, syntheticRuns } from '../synthetic-result.ts';

const scenarioOf = (id: string): Scenario => CATALOGUE.find((scenario) => scenario.id === id)!;

const judged = (scenario: Scenario, bend?: Bending): Claim[] =>
  judgeClaims(scenario, syntheticRuns(scenario, bend));

/** Of one arm, where its point has these values. */
const of =
  (arm: string, bend: Bend, at: Record<string, unknown> = {}): Bending =>
  (plan: PlannedRun) =>
    plan.arm === arm && Object.entries(at).every(([key, value]) => plan.point[key] === value)
      ? bend
      : {};

/** For every claim, a machine that is broken in just the way that the claim denies. */
const BROKEN: Record<string, Bending> = {
  'calibration/links-held': of('server-tls', { slower: 1.2 }, { receivers: 1 }),
  'calibration/same-is-same': of('swarm-again', { slower: 1.3 }),
  'calibration/tls-is-free': of('server-tls', { slower: 1.2 }, { receivers: 4 }),
  'links/server-links-agree': of('server-kernel', { slower: 1.3 }),
  'links/swarm-links-agree': of('swarm-kernel', { slower: 1.3 }),
  'scaling/swarm-faster': of('swarm', { slower: 4 }, { receivers: 8 }),
  'scaling/server-at-bound': of('server', { slower: 1.2 }, { receivers: 4 }),
  'scaling/swarm-flat': of('swarm', { slower: 3 }, { receivers: 16 }),
  'scaling/origin-relieved': of('swarm', { slower: 4, originCopies: 3 }, { receivers: 16 }),
  'scaling/hybrid-faster': of('hybrid', { slower: 4 }, { receivers: 8 }),
  'scaling/hub-relieved': of('hybrid', { slower: 4, originCopies: 3 }, { receivers: 16 }),
  'scaling/serial-mean': of('server-serial', { slower: 1.5 }, { receivers: 8 }),
  'kill/swarm-survives': of('swarm', { stranded: 1 }, { kill: 'first copy' }),
  'kill/swarm-survives-later': of('swarm', { stranded: 1, originCopies: 3 }, { kill: 2 }),
  'kill/hybrid-survives': of('hybrid', { stranded: 1 }, { kill: 'first copy' }),
  'kill/nothing-from-nothing': of('swarm', { stranded: -1 }, { kill: 0.5 }),
  'kill/server-strands': of('server', { stranded: -1 }, { kill: 2 }),
  'kill/mirror-saves': of('server-mirror', { stranded: 1 }, { kill: 1 }),
  'churn/stayers-complete': of('swarm-leaves', { stranded: 1 }),
  'churn/leavers-cost-little': of('swarm-vanishes', { slower: 3 }),
  'churn/resume-keeps': of('swarm-rejoins', { refetched: 0.5 }),
  'free-riders/riders-do-not-strand': of('swarm', { stranded: 1 }, { riderShare: 0.5 }),
  'free-riders/riders-are-last': of('swarm-tit-for-tat', { ridersPace: 0.8 }, { riderShare: 0.25 }),
  'free-riders/riders-cost-their-uplinks': of('swarm', { slower: 3 }, { riderShare: 0.75 }),
  'malice/no-bad-byte': of('oversize', { file: 'different' }, { attackers: 4 }),
  'malice/malice-does-not-strand': of('slow-loris', { stranded: 1 }),
  'malice/poison-is-refused': of('poison', { refused: 0 }, { attackers: 1 }),
  'malice/poison-costs-little': of('poison', { slower: 3 }, { attackers: 4 }),
  'late/tail-is-served': of('swarm-dies', { stranded: 1 }),
  'late/tail-without-hub': of('hybrid-dies', { stranded: 1 }),
  'late/tail-is-stranded': of('server-dies', { stranded: -4 }),
  'late/tail-from-peers': of('swarm', { fromOrigin: 0.6 }),
  'piece-length/not-too-long': of('swarm', { slower: 2 }, { pieceLength: 64 * 1024 }),
  'piece-length/not-too-short': of('swarm', { cpu: 5 }, { pieceLength: 256 * 1024 }),
  'unequal/slow-origin-relieved': of('swarm', { slower: 3 }, { originUplinkFactor: 1 }),
  'unequal/unequal-at-bound': of('swarm', { slower: 2 }, { originUplinkFactor: 1 }),
  'replicas/uplinks-are-the-price': of('mirrors', { slower: 2 }),
  'replicas/same-uplink-same-time': of('shared', { slower: 1.5 }),
  'replicas/receivers-bring-uplinks': of('fat', { slower: 2 }),
  'replica-killed/replica-survived': of('haproxy', { stranded: 1 }),
  'front-killed/front-is-the-point': of('nginx', { stranded: -1 }),
  'partition/healed': of('swarm', { stranded: 1 }),
  'partition/partition-swarm-sooner': of('swarm', { slower: 4 }),
  'small/server-wins-small': of('server', { slower: 10 }, { receivers: 1, fileBytes: 64 * 1024 }),
  'small/swarm-wins-large': of('swarm', { slower: 4 }, { receivers: 8 }),
  'cost/swarm-costs-cpu': of('swarm', { cpu: 10 }),
  'cost/little-in-vain': of('swarm', { duplicates: 0.1 }),
  'wire/wire-overhead': of('server-tls', { wire: 0.3 }),
};

const EVERY = CATALOGUE.flatMap((scenario) =>
  scenario.claims.map(({ id }) => [`${scenario.id}/${id}`, scenario, id] as const),
);

describe('every claim of the catalogue', () => {
  it('has a machine on which it fails', () => {
    expect(Object.keys(BROKEN).sort()).toEqual(EVERY.map(([name]) => name).sort());
  });

  it.each(CATALOGUE.map((scenario) => [scenario.id, scenario] as const))(
    'of %s holds on a sound machine, and is about what it has',
    (_, scenario) => {
      checkScenario(scenario);
      const states = judged(scenario).map(({ id, state }) => [id, state]);
      expect(states).toEqual(scenario.claims.map(({ id }) => [id, 'holds']));
    },
  );

  it.each(EVERY)('%s fails on the machine that it denies', (name, scenario, id) => {
    expect(judged(scenario, BROKEN[name]).find((claim) => claim.id === id)?.state).toBe('fails');
  });
});

describe('a claim', () => {
  const stateOf = (scenario: string, id: string, bend: Bending): Claim['state'] | undefined =>
    judged(scenarioOf(scenario), bend).find((claim) => claim.id === id)?.state;

  it.each<[string, string, string, Claim['state'], Bending]>([
    [
      'holds although load slowed the winner',
      'scaling',
      'swarm-faster',
      'holds',
      of('swarm', { slower: 1.5, foreignCpuShare: 0.5 }, { receivers: 8 }),
    ],
    [
      'is unknown when load may be why the swarm is slow',
      'scaling',
      'swarm-faster',
      'unknown',
      of('swarm', { slower: 4, foreignCpuShare: 0.5 }, { receivers: 8 }),
    ],
    [
      'is unknown when load slowed the loser',
      'scaling',
      'swarm-faster',
      'unknown',
      of('server', { slower: 1.5, foreignCpuShare: 0.5 }, { receivers: 8 }),
    ],
    [
      'fails although load slowed the loser',
      'scaling',
      'swarm-faster',
      'fails',
      (plan) =>
        plan.point.receivers !== 8
          ? {}
          : plan.arm === 'swarm'
            ? { slower: 9 }
            : { slower: 1.5, foreignCpuShare: 0.5 },
    ],
    [
      'of what load leaves alone needs no quiet machine',
      'churn',
      'resume-keeps',
      'holds',
      of('swarm-rejoins', { slower: 3, foreignCpuShare: 0.5 }),
    ],
    [
      'is unknown when an accident may explain it',
      'scaling',
      'origin-relieved',
      'unknown',
      of('swarm', { exit: { code: 1, signal: null } }, { receivers: 8 }),
    ],
    [
      'that two are alike is unknown when load may have made them so',
      'links',
      'swarm-links-agree',
      'unknown',
      of('swarm-kernel', { slower: 1.13, foreignCpuShare: 0.5 }),
    ],
    [
      'counts who never completes as infinitely slow',
      'scaling',
      'swarm-faster',
      'fails',
      of('swarm', { stranded: 1 }, { receivers: 8 }),
    ],
    [
      '... also when that is on the better side',
      'scaling',
      'swarm-faster',
      'holds',
      of('server', { stranded: 1 }, { receivers: 8 }),
    ],
    [
      'is unknown when neither ever completes',
      'partition',
      'partition-swarm-sooner',
      'unknown',
      () => ({ stranded: 1 }),
    ],
    [
      'on efficiency fails with who never completes',
      'scaling',
      'server-at-bound',
      'fails',
      of('server', { stranded: 1 }, { receivers: 16 }),
    ],
    [
      'of riders that never complete holds that they are last',
      'free-riders',
      'riders-are-last',
      'holds',
      of('swarm-tit-for-tat', { stranded: 2 }, { riderShare: 0.25 }),
    ],
  ])('%s', (_, scenario, id, state, bend) => {
    expect(stateOf(scenario, id, bend)).toBe(state);
  });

  it('is decided by its worst point, and says which', () => {
    const claims = judged(scenarioOf('scaling'), of('swarm', { slower: 2.2 }, { receivers: 16 }));
    expect(claims.find(({ id }) => id === 'swarm-faster')).toMatchObject({
      state: 'holds',
      point: { receivers: 16 },
    });
  });

  it('of every run is not saved by a median', () => {
    const bend: Bending = (plan) =>
      plan.arm === 'swarm' && plan.repetition === 0 ? { stranded: 1 } : {};
    expect(stateOf('partition', 'healed', bend)).toBe('fails');
  });

  it('pairs runs by their repetition', () => {
    // Both arms of the second repetition suffer alike: no ratio moves.
    const bend: Bending = (plan) => (plan.repetition === 1 ? { slower: 3 } : {});
    expect(stateOf('scaling', 'swarm-faster', bend)).toBe('holds');
  });

  it('about what was not run is left out', () => {
    const scenario = scenarioOf('scaling');
    const few = syntheticRuns(scenario).filter(({ setting }) => setting.receivers <= 4);
    expect(judgeClaims(scenario, few).map(({ id }) => id)).toEqual(['server-at-bound']);
    const alone = syntheticRuns(scenario).filter(({ arm }) => arm === 'swarm');
    expect(judgeClaims(scenario, alone).map(({ id }) => id)).toEqual([
      'swarm-flat',
      'origin-relieved',
    ]);
    expect(judgeClaims(scenario, [])).toEqual([]);
  });
});

describe('checkScenario', () => {
  const text = (claim: Partial<Scenario['claims'][number]>): ScenarioText => ({
    id: 'mine',
    title: 'Mine',
    question: 'What?',
    arms: [
      { id: 'server', architecture: 'server', text: 'server' },
      { id: 'swarm', architecture: 'swarm', text: 'swarm' },
    ],
    sweep: { receivers: [2, 4] },
    metrics: ['makespanMs'],
    claims: [
      {
        id: 'mine',
        text: 'It is so',
        metric: 'makespanMs',
        arm: 'swarm',
        comparison: 'at most',
        threshold: 1,
        ...claim,
      },
    ],
    repetitions: { least: 1, most: 2 },
  });
  const check = (given: ScenarioText) => () => checkScenario(scenarioSchema.parse(given));

  it.each<[string, ScenarioText, RegExp]>([
    ['an unknown arm', text({ arm: 'swam' }), /unknown arm 'swam'; accepted: 'server', 'swarm'/],
    ['an unknown arm to hold it against', text({ against: 'sever' }), /unknown arm 'sever'/],
    ['itself', text({ against: 'swarm' }), /against itself/],
    ['a key that is not swept', text({ at: { kill: 1 } }), /'kill', which is not swept.*receivers/],
    ['a value that is not', text({ at: { receivers: 8 } }), /receivers 8, which.*\[2,4\]/],
    ['no such range', text({ againstPoint: { receivers: { atLeast: 5 } } }), /atLeast.*\[2,4\]/],
    [
      'the same arm twice',
      { ...text({}), arms: [...text({}).arms, text({}).arms[0]!] },
      /two arms/,
    ],
  ])('refuses %s', (_, given, message) => {
    expect(check(given)).toThrow(message);
    expect(check(given)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });

  it('takes the ends of a sweep, ranges and values', () => {
    expect(
      check(text({ at: { receivers: 'most' }, againstPoint: { receivers: 2 } })),
    ).not.toThrow();
    expect(check(text({ at: { receivers: { atMost: 3 } } }))).not.toThrow();
  });
});
