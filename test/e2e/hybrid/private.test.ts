// A file that a hub gives to those with a token alone, fetched by such a user as part of a swarm:
// strangers in the swarm get nothing of it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { MIB, sameBytes } from '../swarm.ts';

/** A guarded hub with one file, a token for it, and a peer that looks for it without one. */
async function stage() {
  const dir = await scratch();
  const root = join(dir, 'root');
  await mkdir(root);
  const file = await randomFile(join(root, 'f.bin'), 4 * MIB);
  const cid = /\b(baf\w+)/.exec((await run(['cid', file])).stdout)![1]!;
  const env = Object.fromEntries(
    ['DATA', 'CACHE', 'STATE', 'CONFIG'].map((kind) => [`XDG_${kind}_HOME`, join(dir, kind)]),
  );
  const args = ['--token-key', '--swarm', '--port', '0', '--uplink', '2MiB/s', '--json'];
  const hub = start(['server', root, ...args], env);
  const { addresses } = await hub.until('listening', ({ role }) => role === 'server');
  await hub.until('catalogue_completed');
  const making = start(['token', '--scope', 'read'], env);
  expect(await making.exit).toBe(0);
  const asUser = { ...env, HUBSWARM_TOKEN: making.stdout.trim() };
  // It meets the others of this machine by the run files, as a stranger would by the hub or the LAN.
  const stranger = start(['peer', '--get', cid, '--out', join(dir, 'stolen'), '--json'], env);
  await stranger.until('listening');
  return { dir, file, cid, hub: addresses[0]!, running: hub, asUser, stranger };
}

async function gotNothing(stranger: Running): Promise<void> {
  await stranger.end();
  expect(stranger.events.filter(({ event }) => event === 'piece_verified')).toEqual([]);
  expect(stranger.events.filter(({ event }) => event === 'transfer_started')).toEqual([]);
}

/** What the hub has sent, in copies of the file. */
const copiesOf = (hub: Running, bytes: number): number =>
  hub.events.reduce((n, event) => (event.event === 'link_counted' ? event.sentBytes : n), 0) /
  bytes;

it('those with a token exchange it, and the stranger gets nothing', async () => {
  const { dir, file, hub, asUser, stranger, running } = await stage();
  const clients = [1, 2, 3, 4].map((i) => {
    const out = ['-o', join(dir, `got-${i}`), '--uplink', '2MiB/s', '--json'];
    return start(['client', 'get', '--swarm', `${hub}files/f.bin`, ...out], asUser);
  });
  for (const client of clients) expect(await client.exit).toBe(0);
  for (const i of [1, 2, 3, 4]) await sameBytes(file, join(dir, `got-${i}`));
  const between = clients.flatMap(({ events }) =>
    events.filter((each) => each.event === 'piece_verified' && !each.remote.startsWith('http')),
  );
  expect(between.length).toBeGreaterThan(0);
  await gotNothing(stranger);
  await running.end();
  expect(copiesOf(running, 4 * MIB)).toBeLessThan(3);
  const told = clients.flatMap(({ events }) =>
    events.flatMap((each) => (each.event === 'warned' ? [each.message] : [])),
  );
  expect(told).toEqual([]);
});

it('get of a CID with its URL keeps it among those with a token', async () => {
  const { dir, file, cid, hub, asUser, stranger } = await stage();
  const out = join(dir, 'got');
  const { addresses } = await stranger.until('listening');
  // The stranger is a peer that the user names as well.
  const things = [cid, `${hub}files/f.bin`, '--join', addresses[0]!];
  const getter = start(['get', ...things, '--out', out, '--linger', '1', '--json'], asUser);
  expect(await getter.exit).toBe(0);
  await sameBytes(file, join(out, 'f.bin'));
  await gotNothing(stranger);
});

it('peer --get --join asks the hub as nobody, and says once that it is refused', async () => {
  const { dir, cid, hub, asUser, stranger } = await stage();
  const out = join(dir, 'got');
  const args = ['--get', cid, '--join', hub, '--timeout', '5', '--out', out, '--json'];
  const peer = start(['peer', ...args], asUser);
  expect(await peer.exit).toBe(124);
  const refusals = peer.events.filter(({ event }) => event === 'source_failed');
  expect(refusals).toMatchObject([
    { reason: expect.stringContaining('asked without a token or password') },
  ]);
  await gotNothing(stranger);
});
