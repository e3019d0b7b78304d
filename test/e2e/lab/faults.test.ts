// Peers that fall asleep, die, come back and lose their neighbours: real processes,
// each fault triggered by how far a transfer is.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, scratch, start } from '../binary.ts';
import { fetcher, MIB, origin, sameBytes, untilVerified, verified } from '../swarm.ts';

/** 48 pieces of 64 KiB; the uplinks make it some four seconds. */
const BYTES = 3 * MIB;
const UPLINK = ['--uplink', '768KiB/s'];

const bansIn = (peers: readonly Running[]): string[] =>
  peers.flatMap(({ events }) =>
    events.flatMap((event) => (event.event === 'neighbour_banned' ? [event.reason] : [])),
  );

describe('peers with faults', () => {
  it('do not wait for one that is stopped, and let it go on when it wakes', async () => {
    const dir = await scratch();
    const first = await origin(dir, BYTES, ...UPLINK);
    const [sleeper, ...others] = ['a', 'b', 'c'].map((name) =>
      fetcher(dir, name, first, ...UPLINK),
    ) as [Running, Running, Running];
    await untilVerified(sleeper, 4);
    sleeper.child.kill('SIGSTOP');
    const slept = verified(sleeper).length;
    for (const other of others) await other.until('transfer_completed');
    sleeper.child.kill('SIGCONT');
    expect(slept).toBeLessThan(48);
    const { path } = await sleeper.until('transfer_completed');
    await sameBytes(path, first.file);
    expect(bansIn([first.peer, sleeper, ...others])).toEqual([]);
  }, 30_000);

  it('take one back that was killed, under its new address, with the pieces it had', async () => {
    const dir = await scratch();
    const first = await origin(dir, BYTES, ...UPLINK);
    const stays = fetcher(dir, 'stays', first, ...UPLINK);
    const killed = fetcher(dir, 'returns', first, ...UPLINK);
    await untilVerified(killed, 8);
    await killed.end('SIGKILL');
    const had = verified(killed);
    const returned = fetcher(dir, 'returns', first, ...UPLINK);
    const before = await killed.until('listening');
    const now = await returned.until('listening');
    expect(now.peerId).toBe(before.peerId);
    expect(now.addresses).not.toEqual(before.addresses);
    const { resumedBytes } = await returned.until('transfer_started');
    expect(resumedBytes).toBeGreaterThanOrEqual(had.length * 64 * 1024);
    const { path } = await returned.until('transfer_completed');
    await sameBytes(path, first.file);
    for (const piece of verified(returned)) expect(had).not.toContain(piece);
    await stays.until('transfer_completed');
    expect(bansIn([first.peer, stays, returned])).toEqual([]);
  }, 30_000);

  it('go on when half of them die at once', async () => {
    const dir = await scratch();
    const first = await origin(dir, BYTES, ...UPLINK);
    const names = ['a', 'b', 'c', 'd'];
    const peers = names.map((name) => fetcher(dir, name, first, ...UPLINK));
    const [one, two, ...rest] = peers as [Running, Running, Running, Running];
    await Promise.all(peers.map((peer) => untilVerified(peer, 6)));
    await Promise.all([one, two].map((peer) => peer.end('SIGKILL')));
    for (const peer of rest) await peer.until('transfer_completed');
    for (const name of ['c', 'd']) await sameBytes(join(dir, name, 'content.bin'), first.file);
  }, 30_000);

  it('leave no one behind when all of them leave as they are done, without an origin', async () => {
    const dir = await scratch();
    const first = await origin(dir, BYTES, ...UPLINK);
    const names = ['a', 'b', 'c', 'd'];
    // Who lacks a piece for good says which.
    const alone = ['--linger', '0', '--timeout', '20'];
    const peers = names.map((name) => fetcher(dir, name, first, ...UPLINK, ...alone));
    await Promise.race(
      peers.map((peer) =>
        peer.until('piece_verified', () => new Set(peers.flatMap(verified)).size === 48),
      ),
    );
    await first.peer.end('SIGKILL');
    const ended = peers.map(async (peer) => `${await peer.exit}${peer.stderr}`);
    expect(await Promise.all(ended)).toEqual(['0', '0', '0', '0']);
    for (const name of names) await sameBytes(join(dir, name, 'content.bin'), first.file);
  }, 90_000);

  it('say which pieces none of them has, wait, go on when somebody brings them', async () => {
    const dir = await scratch();
    const first = await origin(dir, BYTES, ...UPLINK);
    const waiting = fetcher(dir, 'waits', first);
    const giving = fetcher(dir, 'gives-up', first, '--timeout', '4');
    for (const peer of [waiting, giving]) await untilVerified(peer, 6);
    await first.peer.end('SIGKILL');
    const lacked = await waiting.until('pieces_lacked');
    const told = lacked.ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i),
    );
    const held = new Set([waiting, giving].flatMap(verified));
    expect(told.length).toBe(lacked.pieces);
    expect(told.filter((piece) => held.has(piece))).toEqual([]);
    expect(await giving.exit).toBe(124);
    expect(giving.stderr).toMatch(
      /^hubswarm: gave up after 4 s without a new piece: \d+ of \d+ missing pieces are with none of 1 peers: \d+.*\n$/,
    );
    const { addresses } = await waiting.until('listening');
    const data = ['--data', join(dir, 'again'), '--join', addresses[0]!];
    start(['peer', '--json', ...data, '--share', first.file]);
    await waiting.until('pieces_found');
    const { path } = await waiting.until('transfer_completed');
    await sameBytes(path, first.file);
    expect(waiting.events.filter(({ event }) => event === 'pieces_lacked')).toHaveLength(1);
  }, 30_000);
});
