import { describe, expect, it } from 'vitest';
import { boundOf } from '../../../src/lab/analysis/bound.ts';
import type { Architecture } from '../../../src/lab/terms/scenario.ts';
import { DEFAULTS, type Setting } from '../../../src/lab/terms/setting.ts';
import { simulate } from '../../../src/simulate/simulate.ts';

type Simulated = Parameters<typeof simulate>[0];

/** One copy takes a second; 16 pieces. */
const UNIT: Setting = {
  ...DEFAULTS,
  ...{ fileBytes: 2 ** 20, pieceLength: 2 ** 16, uplinkBytesPerSecond: 2 ** 20, receivers: 8 },
};

describe('boundOf', () => {
  it.each<[string, Architecture, Partial<Setting>, number, string]>([
    ['a server', 'server', {}, 8, 'origin sends N copies'],
    ['a server with slow clients', 'server', { downlinkFactor: 0.1 }, 10, 'slowest downlink'],
    ['hubs', 'server', { hubs: 4 }, 2, 'origin sends N copies'],
    ['hubs behind a balancer', 'server', { hubs: 4, front: 'nginx' }, 2, 'origin sends N copies'],
    ['hubs of one uplink', 'server', { hubs: 4, sharedUplink: true }, 8, 'origin sends N copies'],
    ['a fat hub', 'server', { originUplinkFactor: 4 }, 2, 'origin sends N copies'],
    ['one by one', 'server', { arrivals: 'one by one' }, 8, 'origin sends N copies'],
    [
      'one by one, each held by its own line',
      'server',
      { arrivals: 'one by one', originUplinkFactor: 10, downlinkFactor: 5 },
      1.6,
      'one after the other',
    ],
    ['a swarm of whole pieces', 'swarm', {}, 1 + 3 / 16, 'whole pieces'],
    ['a swarm of one', 'swarm', { receivers: 1 }, 1, 'origin sends one copy'],
    ['a swarm has one origin', 'swarm', { hubs: 4, receivers: 1 }, 1, 'origin sends one copy'],
    ['free riders', 'swarm', { riderShare: 0.75 }, 8 / 3, 'all uplinks together'],
    [
      'unequal uplinks and a fast origin',
      'swarm',
      { uplinkFactors: [0.25, 0.75], originUplinkFactor: 4 },
      1,
      'all uplinks together',
    ],
    ['half vanish', 'swarm', { lifetimeShare: 0.5 }, 1, 'origin sends one copy'],
    ['half vanish from a server', 'server', { lifetimeShare: 0.5 }, 4, 'origin sends N copies'],
    [
      'half vanish and come back',
      'server',
      { lifetimeShare: 0.5, rejoin: true },
      8,
      'origin sends N copies',
    ],
    [
      'a receiver killed for good',
      'server',
      { faults: [{ do: 'kill', node: 'receiver-3', when: { passes: 1 } }] },
      7,
      'origin sends N copies',
    ],
    ['the origin killed', 'server', { kill: 2 }, 8, 'origin sends N copies'],
    [
      'attackers, who may help',
      'swarm',
      { attackers: 7, riderShare: 1, receivers: 16 },
      2,
      'all uplinks together',
    ],
    [
      'apart, a server that is always behind',
      'server',
      { arrivals: { apartPasses: 0.5 } },
      8,
      'origin sends N copies',
    ],
    [
      'apart, a server that waits for the last',
      'server',
      { arrivals: { apartPasses: 2 } },
      15,
      'origin sends N copies',
    ],
    [
      'apart, the last one’s line',
      'swarm',
      { arrivals: { apartPasses: 2 } },
      14.2,
      'the last to come',
    ],
    ['no links', 'swarm', { link: 'none' }, 0, 'nothing but this machine'],
  ])('of %s', (_, architecture, given, seconds, name) => {
    const bound = boundOf({ ...UNIT, ...given }, architecture);
    expect(bound.seconds).toBeCloseTo(seconds, 9);
    expect(bound.name).toBe(name);
  });

  it('of a file with a short last piece stays below what whole pieces would need', () => {
    const fileBytes = UNIT.fileBytes + 1;
    const { seconds } = boundOf({ ...UNIT, fileBytes }, 'swarm');
    expect(seconds).toBeCloseTo(1 + 3 / 16, 5);
  });

  const SIMULATED: Simulated = {
    ...{ fileBytes: UNIT.fileBytes, pieceLength: 2 ** 15, receivers: 6, degree: null, turns: null },
    ...{ originUplink: 2 ** 20, classes: [{ uplink: 2 ** 20, downlink: 5 * 2 ** 20 }] },
    ...{ latencyMs: { least: 0, most: 0 }, line: null, seed: 1 },
    picker: 'rarest',
    choker: 'cooperative',
    ...{ staggerMs: 0, lingerMs: null, lifetime: null, kill: null, freeRiders: 0, poisoners: 0 },
    limitMs: 60_000,
  };

  it.each<[string, Partial<Setting>, Partial<Simulated>]>([
    ['together', {}, {}],
    ['apart', { arrivals: { apartPasses: 0.3 } }, { staggerMs: 300 }],
    ['far apart', { arrivals: { apartPasses: 1.5 } }, { staggerMs: 1500 }],
    ['with free riders', { riderShare: 0.5 }, { freeRiders: 3 }],
    [
      'with unequal uplinks',
      { uplinkFactors: [0.25, 1, 4] },
      { classes: [0.25, 1, 4].map((f) => ({ uplink: f * 2 ** 20, downlink: 5 * 2 ** 20 })) },
    ],
  ])('is not beaten by sessions on a virtual clock, and near: %s', async (_, given, change) => {
    const { receivers } = await simulate({ ...SIMULATED, ...change });
    const ends = receivers.map(({ completedMs }) => completedMs ?? Number.POSITIVE_INFINITY);
    const setting = { ...UNIT, pieceLength: 2 ** 15, receivers: 6, ...given };
    const boundMs = boundOf(setting, 'swarm').seconds * 1000;
    expect(Math.max(...ends)).toBeGreaterThanOrEqual(boundMs * (1 - 1e-9));
    expect(Math.max(...ends)).toBeLessThan(boundMs * 2);
  });
});
