import { describe, expect, it } from 'vitest';
import { castOf } from '../../../src/lab/run/cast.ts';
import {
  argsOf,
  readyOf,
  type Whereabouts,
  whereaboutsOf,
} from '../../../src/lab/run/program-args.ts';
import { ARCHITECTURES, type Architecture } from '../../../src/lab/terms/scenario.ts';
import type { Setting } from '../../../src/lab/terms/setting.ts';
import type { Stamped } from '../../../src/telemetry/event.ts';
import { planned } from '../plans.ts';

const MIB = 2 ** 20;
const PLACE = {
  fileDir: '/source',
  fileName: 'a file.bin',
  dir: '/run/me',
  address: '10.0.0.1',
  caps: { uplinkBytesPerSecond: MIB, downlinkBytesPerSecond: 5 * MIB },
};
const WHEREABOUTS: Whereabouts = {
  urls: ['http://h:1/files/f', 'http://h:2/files/f'],
  fingerprints: ['AA:BB'],
  multiaddrs: ['/ip4/10.0.0.9/tcp/1/p2p/x'],
  joins: ['http://h:1/'],
  cid: 'bafy',
};

const lines = (architecture: Architecture, setting: Partial<Setting>): string[] => {
  const plan = planned(architecture, { receivers: 2, ...setting });
  return castOf(plan).map((member) => argsOf(member, PLACE, plan.setting, WHEREABOUTS).join(' '));
};

describe('argsOf', () => {
  it('speaks to a hub and its clients', () => {
    const [hub, client] = lines('server', { tls: true });
    expect(hub).toBe(
      `server --root /source --catalogue none --host 10.0.0.1 --port 0 --chunk-size 65536 --tls --uplink ${MIB} --json`,
    );
    expect(client).toBe(
      `client get http://h:1/files/f http://h:2/files/f -o /run/me/file --fingerprint AA:BB --downlink ${5 * MIB} --json --hold`,
    );
  });

  it('speaks to peers, riders and attackers', () => {
    const [origin, peer, rider, attacker] = lines('swarm', {
      riderShare: 0.5,
      attackers: 1,
      attack: 'slow-loris',
      picker: 'random',
      leaves: true,
    });
    const caps = `--uplink ${MIB} --downlink ${5 * MIB} --json`;
    const listen = '--listen /ip4/10.0.0.1/tcp/0';
    const policy = '--picker random --choker cooperative';
    expect(origin).toBe(
      `peer --data /run/me --share /source/a file.bin --chunk-size 65536 ${policy} ${listen} ${caps}`,
    );
    expect(peer).toBe(
      `peer --data /run/me/data --out /run/me/out --join ${WHEREABOUTS.joins[0]} --get bafy ${policy} --linger 0 ${listen} ${caps} --hold`,
    );
    expect(rider).toBe(
      `attack --kind free-rider --join ${WHEREABOUTS.multiaddrs[0]} --cid bafy --data /run/me/data --out /run/me/out ${policy} ${listen} ${caps} --hold`,
    );
    expect(attacker).toBe(
      `attack --kind slow-loris --data /run/me --join ${WHEREABOUTS.multiaddrs[0]} --cid bafy ${listen} --uplink ${MIB} --json --hold`,
    );
  });

  it('speaks to a hub that is a peer, whose HTTP is plain', () => {
    const [hub] = lines('hybrid', { tls: true });
    expect(hub).toBe(
      `server --root /source --catalogue none --host 10.0.0.1 --port 0 --chunk-size 65536 --swarm --swarm-data /run/me --uplink ${MIB} --json`,
    );
  });

  it('lets none wait whose start is measured', () => {
    for (const architecture of ARCHITECTURES) {
      const plan = planned(architecture, { receivers: 1, startUp: 'measured' });
      const [, receiver] = castOf(plan);
      expect(lines(architecture, { startUp: 'measured' })[1]).not.toContain('--hold');
      expect(readyOf(receiver!, plan.setting)).toEqual([]);
    }
  });

  it('tells a peer to find out what its uplink carries', () => {
    const plan = planned('swarm', { receivers: 1 });
    const place = { ...PLACE, caps: null, findsUplink: true };
    for (const member of castOf(plan)) {
      expect(argsOf(member, place, plan.setting, WHEREABOUTS).join(' ')).toContain('--uplink auto');
    }
  });

  it('tells nobody a rate that others hold', () => {
    const plan = planned('swarm', { receivers: 1, link: 'netns' });
    for (const member of castOf(plan)) {
      const args = argsOf(member, { ...PLACE, caps: null }, plan.setting, WHEREABOUTS);
      expect(args.join(' ')).not.toMatch(/--(up|down)link/);
    }
  });
});

describe('whereaboutsOf', () => {
  const hub = (port: number): Stamped[] => [
    { t: 1, event: 'listening', role: 'server', addresses: [`http://127.0.0.1:${port}/`] },
  ];

  it('names each hub, or what stands in front of them', () => {
    const { setting } = planned('server', { hubs: 2 });
    expect(whereaboutsOf([hub(1), hub(2)], PLACE, setting, undefined).urls).toEqual([
      'http://127.0.0.1:1/files/a%20file.bin',
      'http://127.0.0.1:2/files/a%20file.bin',
    ]);
    const behind = { ...setting, front: 'nginx' as const };
    expect(whereaboutsOf([hub(1), hub(2)], PLACE, behind, 'http://127.0.0.1:9/').urls).toEqual([
      'http://127.0.0.1:9/files/a%20file.bin',
    ]);
  });

  it('names the URL of a hub that is a peer, and its address for whoever knows no hub', () => {
    const { setting } = planned('hybrid');
    const peer = '/ip4/127.0.0.1/tcp/2/p2p/x';
    const told: Stamped[] = [
      { t: 1, event: 'listening', role: 'peer', addresses: [peer], peerId: 'x' },
      ...hub(1),
    ];
    expect(whereaboutsOf([told], PLACE, setting, undefined)).toMatchObject({
      joins: ['http://127.0.0.1:1/'],
      multiaddrs: [peer],
      cid: undefined,
    });
  });

  it('refuses an origin that says nothing of use', () => {
    const { setting } = planned('server');
    expect(() => whereaboutsOf([[]], PLACE, setting, undefined)).toThrow(
      'the origin is ready, but names no address',
    );
  });
});

it('waits for what each says when it is ready', () => {
  const plan = planned('swarm', { receivers: 1 });
  const [origin, receiver] = castOf(plan);
  expect(readyOf(origin!, plan.setting)).toEqual(['listening', 'file_shared']);
  expect(readyOf(receiver!, plan.setting)).toEqual(['held']);
  const hybrid = planned('hybrid', { tls: true });
  expect(readyOf(castOf(hybrid)[0]!, hybrid.setting)).toEqual(['listening', 'catalogue_completed']);
  const tls = planned('server', { tls: true });
  expect(readyOf(castOf(tls)[0]!, tls.setting)).toEqual(['listening', 'certificate_loaded']);
});
