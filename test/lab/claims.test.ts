import { describe, expect, it } from 'vitest';
import { parametersOf, QUICK } from '../../src/lab/profile.ts';
import type { ArmName, Parameters, PlannedRun } from '../../src/lab/scenario.ts';
import { type Bend, PARAMETERS } from './synthetic.ts';
import { syntheticResult } from './synthetic-result.ts';

const IDS = [
  'swarm-faster',
  'swarm-survives',
  'server-strands',
  'server-at-bound',
  'origin-relieved',
];

async function states(bend?: (plan: PlannedRun) => Bend): Promise<Record<string, string>> {
  const { claims } = await syntheticResult(bend);
  return Object.fromEntries(claims.map(({ id, state }) => [id, state]));
}

describe('claims', () => {
  it('all hold when everything does what theory says', async () => {
    expect(await states()).toEqual(Object.fromEntries(IDS.map((id) => [id, 'holds'])));
  });

  it.each<[string, string, (plan: PlannedRun) => Bend]>([
    ['swarm-faster', 'a slow swarm', ({ arm }) => (arm === 'swarm' ? { slower: 4 } : {})],
    [
      'swarm-faster',
      'a swarm that never ends',
      ({ arm, scenario }) => (arm === 'swarm' && scenario === 'scaling' ? { completed: 1 } : {}),
    ],
    [
      'swarm-survives',
      'a peer lost after the kill',
      ({ arm, killCopies }) =>
        arm === 'swarm' && killCopies === 2 ? { slower: 3, completed: 7 } : {},
    ],
    [
      'server-strands',
      'a client that completes all the same',
      ({ arm, killCopies }) => (arm === 'server' && killCopies === 2 ? { completed: 1 } : {}),
    ],
    [
      'server-at-bound',
      'a straw man of a server',
      ({ arm, receivers }) => (arm === 'server' && receivers === 4 ? { slower: 1.2 } : {}),
    ],
    [
      'origin-relieved',
      'an origin that sends everything itself',
      ({ arm, scenario }) =>
        arm === 'swarm' && scenario === 'scaling' ? { slower: 4, originCopies: 3 } : {},
    ],
  ])('%s fails with %s', async (id, _, bend) => {
    expect((await states(bend))[id]).toBe('fails');
  });

  it.each<[string, string, ArmName, Bend]>([
    ['holds', 'load only slowed the winner', 'swarm', { slower: 1.5, foreignCpuShare: 0.5 }],
    ['unknown', 'load may be why the swarm is slow', 'swarm', { slower: 4, foreignCpuShare: 0.5 }],
    ['unknown', 'load slowed the loser', 'server', { slower: 1.5, foreignCpuShare: 0.5 }],
  ])('swarm-faster is %s when %s', async (state, _, loaded, bend) => {
    const found = await states(({ arm, receivers, scenario }) =>
      scenario === 'scaling' && arm === loaded && receivers === 8 ? bend : {},
    );
    expect(found['swarm-faster']).toBe(state);
    expect(found['swarm-survives']).toBe('holds');
  });

  const kernel: Parameters = { ...PARAMETERS, link: 'netns' };

  it.each<[string, string, Bend]>([
    ['holds', 'both kinds of link come to much the same', { slower: 1.08 }],
    ['fails', 'the kernel comes to something else', { slower: 1.3 }],
    ['unknown', 'load may be why they look alike', { slower: 1.12, foreignCpuShare: 0.5 }],
  ])('links-agree %s when %s', async (state, _, bend) => {
    const { claims, agreements } = await syntheticResult(
      ({ scenario, link, arm }) =>
        scenario === 'agreement' && link === 'netns' && arm === 'swarm' ? bend : {},
      kernel,
    );
    expect(claims.find(({ id }) => id === 'links-agree')?.state).toBe(state);
    expect(agreements[0]!.ratio).toBeCloseTo(1, 6);
    expect(agreements[1]!.ratio).toBeCloseTo(bend.slower! / 1.03, 6);
  });

  it('about what links limit are not made where nothing holds them', async () => {
    const none = parametersOf(QUICK, { link: 'none', killCopies: [2] });
    const { claims, calibration } = await syntheticResult(undefined, none);
    expect(claims.map(({ id }) => id)).toEqual(['swarm-survives', 'server-strands']);
    expect(calibration).toEqual([]);
  });

  it('are not made about what was not asked for', async () => {
    const parameters = { ...PARAMETERS, receivers: [2], killReceivers: 2, killCopies: [] };
    const { claims, verdict } = await syntheticResult(undefined, parameters);
    expect(claims.map(({ id }) => id)).toEqual(['server-at-bound']);
    expect(verdict.state).toBe('valid');
  });
});
