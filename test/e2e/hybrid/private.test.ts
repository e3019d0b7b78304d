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
  return { dir, file, cid, hub: addresses[0]!, asUser, stranger };
}

async function gotNothing(stranger: Running): Promise<void> {
  await stranger.end();
  expect(stranger.events.filter(({ event }) => event === 'piece_verified')).toEqual([]);
  expect(stranger.events.filter(({ event }) => event === 'transfer_started')).toEqual([]);
}

it('client get --swarm fetches it from the server alone', async () => {
  const { dir, file, hub, asUser, stranger } = await stage();
  const out = join(dir, 'got.bin');
  const client = start(
    ['client', 'get', '--swarm', `${hub}files/f.bin`, '-o', out, '--json'],
    asUser,
  );
  expect(await client.exit).toBe(0);
  await sameBytes(file, out);
  await gotNothing(stranger);
  const told = client.events.flatMap((each) => (each.event === 'warned' ? [each.message] : []));
  expect(told).toEqual([expect.stringContaining('a swarm would give it to anybody')]);
});

it('get of a CID with its URL fetches it from the server alone', async () => {
  const { dir, file, cid, hub, asUser, stranger } = await stage();
  const out = join(dir, 'got');
  const { addresses } = await stranger.until('listening');
  // The stranger is a peer that the user calls as well.
  const things = [cid, `${hub}files/f.bin`, '--join', addresses[0]!];
  const getter = start(['get', ...things, '--out', out, '--linger', '1', '--json'], asUser);
  expect(await getter.exit).toBe(0);
  await sameBytes(file, join(out, 'f.bin'));
  await gotNothing(stranger);
  const told = getter.events.flatMap((each) => (each.event === 'warned' ? [each.message] : []));
  expect(told).toEqual([expect.stringContaining('it comes from there alone')]);
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
