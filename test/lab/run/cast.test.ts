import { describe, expect, it } from 'vitest';
import { castOf } from '../../../src/lab/run/cast.ts';
import type { Architecture } from '../../../src/lab/terms/scenario.ts';
import type { Setting } from '../../../src/lab/terms/setting.ts';
import { planned } from '../plans.ts';

const MIB = 2 ** 20;

const names = (architecture: Architecture, setting: Partial<Setting>): string[] =>
  castOf(planned(architecture, setting)).map(({ id, role, program }) => `${id} ${role} ${program}`);

describe('castOf', () => {
  it.each<[string, Architecture, Partial<Setting>, string[]]>([
    [
      'a hub and its clients',
      'server',
      { receivers: 2 },
      ['origin origin hub', 'receiver-1 receiver client', 'receiver-2 receiver client'],
    ],
    [
      'hubs behind a balancer',
      'server',
      { receivers: 1, hubs: 2, front: 'nginx' },
      ['origin origin hub', 'hub-2 hub hub', 'front front front', 'receiver-1 receiver client'],
    ],
    [
      'a hub that is a peer, and peers',
      'hybrid',
      { receivers: 1 },
      ['origin origin hub peer', 'receiver-1 receiver peer'],
    ],
    [
      'riders and attackers',
      'swarm',
      { receivers: 2, riderShare: 0.5, attackers: 1 },
      [
        'origin origin peer',
        'receiver-1 receiver peer',
        'receiver-2 rider rider',
        'attacker-1 attacker attacker',
      ],
    ],
  ])('%s', (_, architecture, setting, expected) => {
    expect(names(architecture, setting)).toEqual(expected);
  });

  it('deals classes of uplinks in turn, and gives all the same downlink', () => {
    const cast = castOf(
      planned('swarm', {
        receivers: 4,
        uplinkBytesPerSecond: MIB,
        uplinkFactors: [1, 4, 16],
        originUplinkFactor: 2,
        downlinkFactor: 5,
      }),
    );
    expect(cast.map(({ rates }) => rates.uplinkBytesPerSecond / MIB)).toEqual([2, 1, 4, 16, 1]);
    expect(new Set(cast.map(({ rates }) => rates.downlinkBytesPerSecond / MIB))).toEqual(
      new Set([5]),
    );
  });

  it('shares one uplink out among hubs when it is to', () => {
    const cast = castOf(planned('server', { hubs: 4, sharedUplink: true, receivers: 1 }));
    const hubs = cast.filter(({ program }) => program === 'hub');
    expect(hubs.map(({ rates }) => rates.uplinkBytesPerSecond / MIB)).toEqual([1, 1, 1, 1]);
  });

  it('holds nothing where nothing is to be held', () => {
    const cast = castOf(planned('swarm', { link: 'none' }));
    expect(cast.every(({ rates }) => rates.uplinkBytesPerSecond === Infinity)).toBe(true);
  });
});
