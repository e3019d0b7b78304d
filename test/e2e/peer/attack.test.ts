// Hostile peers and free riders among honest ones: real processes on 127.0.0.1.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ATTACK_KINDS, type AttackKind } from '../../../src/attack/kind.ts';
import { type Running, run, scratch, start } from '../binary.ts';
import { fetcher, MIB, type Origin, origin, sameBytes } from '../swarm.ts';

/** Small uplinks, so that there is something to be had from everybody. */
const UPLINK = ['--uplink', '1MiB/s'];
const PIECE = 64 * 1024;
const CHUNKS = ['--chunk-size', '64KiB'];

/** The least and the most that an attacker of a kind sends, in this time. */
const SENT: Record<AttackKind, [number, number]> = {
  // Banned at the second piece; more than two to each receiver only when some were taken back.
  poison: [2 * PIECE, 12 * PIECE],
  'false-haves': [0, 0],
  'slow-loris': [1, PIECE],
  oversize: [0, 12 * PIECE],
};

function attacker(dir: string, name: string, from: Origin, kind: string, ...args: string[]) {
  const data = ['--data', join(dir, `${name}-data`)];
  const where = ['--join', from.address, '--cid', from.cid];
  return start(['attack', '--json', '--kind', kind, ...where, ...data, ...UPLINK, ...args]);
}

const idOf = async (peer: Running): Promise<string> => (await peer.until('listening')).peerId!;

const bansBy = (peer: Running): string[] =>
  peer.events.flatMap((event) => (event.event === 'neighbour_banned' ? [event.remote] : []));

/** Payload in all; told at the end. */
const sentBy = (peer: Running): number | undefined =>
  peer.events.findLast((event) => event.event === 'link_counted')?.sentBytes;

const rejectedBy = (peer: Running, id: string): number =>
  peer.events.filter((event) => event.event === 'piece_rejected' && event.remote === id).length;

describe.each(ATTACK_KINDS)('two attackers of kind %s among three receivers', (kind) => {
  it('do not keep them from the file, every byte as it was', async () => {
    const dir = await scratch();
    const from = await origin(dir, 2 * MIB, ...CHUNKS, ...UPLINK);
    const receivers = ['a', 'b', 'c'].map((name) => fetcher(dir, name, from, '--hold', ...UPLINK));
    const attackers = ['x', 'y'].map((name) => attacker(dir, name, from, kind));
    // They are in the swarm when it begins.
    for (const each of attackers) await each.until('neighbour_joined');
    for (const each of receivers) await each.until('held');
    for (const each of receivers) each.child.stdin!.write('\n');

    const done = await Promise.all(receivers.map((each) => each.until('transfer_completed')));
    for (const { path } of done) await sameBytes(path, from.file);

    const ids = await Promise.all(attackers.map(idOf));
    const honest = [from.peer, ...receivers];
    // Nobody is blamed for what others did.
    for (const each of honest) for (const banned of bansBy(each)) expect(ids).toContain(banned);
    for (const each of receivers) {
      for (const id of ids) expect(rejectedBy(each, id)).toBeLessThanOrEqual(2);
      const sources = each.events.flatMap((e) => (e.event === 'piece_verified' ? [e.remote] : []));
      for (const id of ids) expect(sources).not.toContain(id);
    }
    const banned = honest.flatMap(bansBy);
    if (kind === 'poison' || kind === 'oversize') {
      for (const id of ids) expect(banned).toContain(id);
    } else {
      // A slow source breaks no rule.
      expect(banned).toEqual([]);
    }
    for (const each of attackers) {
      expect(await each.end()).toBe(0);
      expect(await each.until('stopped')).toMatchObject({ reason: 'SIGTERM' });
      const [least, most] = SENT[kind];
      expect(sentBy(each)).toBeGreaterThanOrEqual(least);
      expect(sentBy(each)).toBeLessThanOrEqual(most);
    }
  }, 60_000);
});

it('a free rider gets the file and gives nothing', async () => {
  const dir = await scratch();
  const from = await origin(dir, MIB, ...CHUNKS, ...UPLINK);
  const out = join(dir, 'rider');
  const rider = attacker(dir, 'r', from, 'free-rider', '--hold', '--out', out);
  const receivers = ['a', 'b'].map((name) => fetcher(dir, name, from, '--hold', ...UPLINK));
  for (const each of [rider, ...receivers]) await each.until('held');
  for (const each of [rider, ...receivers]) each.child.stdin!.write('\n');
  for (const each of [rider, ...receivers]) {
    await sameBytes((await each.until('transfer_completed')).path, from.file);
  }
  const id = await idOf(rider);
  for (const each of receivers) {
    const sources = each.events.flatMap((e) => (e.event === 'piece_verified' ? [e.remote] : []));
    expect(sources).not.toContain(id);
    expect(bansBy(each)).toEqual([]);
  }
  expect(await rider.end()).toBe(0);
  expect(sentBy(rider)).toBe(0);
}, 60_000);

describe('hubswarm attack', () => {
  const CID = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
  const HOME = '/ip4/127.0.0.1/tcp/1';

  it.each<[string, string[]]>([
    ["--kind: 'flood' is not known; give poison,", ['--kind', 'flood', '--join', HOME]],
    ["--join: '/ip4/8.8.8.8/tcp/1' is not accepted", ['--join', '/ip4/8.8.8.8/tcp/1']],
    ["--join: '/dns4/localhost/tcp/1' is not acc", ['--join', HOME, '/dns4/localhost/tcp/1']],
    ["--listen: '/ip4/0.0.0.0/tcp/0'", ['--join', HOME, '--listen', '/ip4/0.0.0.0/tcp/0']],
    ['--out does nothing without --kind free-rider', ['--join', HOME, '--out', 'x']],
    ['--choker does nothing without', ['--join', HOME, '--choker', 'tit-for-tat']],
    ["option '--join <multiaddrs...>' not specified", []],
  ])('ends in one line: %s', async (message, args) => {
    const kind = args.includes('--kind') ? [] : ['--kind', 'poison'];
    const { code, stdout, stderr } = await run(['attack', ...kind, '--cid', CID, ...args]);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
