// A peer that shares or fetches many files is no nuisance to others, and none to itself.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { expect, it, vi } from 'vitest';
import { EXCHANGE_PROTOCOL } from '../../src/exchange/wire/message.ts';
import { addressOf, BYTES, type Honest, until, useHostileSwarm } from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

async function share({ peer }: Honest, count: number, name: string): Promise<CID[]> {
  const dir = join(swarm.dir, name);
  await mkdir(dir);
  const paths = Array.from({ length: count }, (_, i) => join(dir, `${i}`));
  for (const path of paths) await writeFile(path, randomBytes(70_000));
  const cids = [];
  for (const path of paths) cids.push((await peer.share(path, { signal: signal() })).cid);
  return cids;
}

async function get({ peer }: Honest, cid: CID): Promise<Buffer> {
  const out = join(swarm.dir, `out-${peer.peerId}`);
  const options = { out, force: false, timeoutMs: 30_000, signal: signal() };
  return readFile(await peer.get(cid, options));
}

const of = ({ events }: Honest, name: string) => events.filter(({ event }) => event === name);

it('a peer with 200 shares is banned by nobody, calls nobody, and gives one of them', async () => {
  const sharer = await swarm.honest('sharer');
  const others = await Promise.all([1, 2, 3].map((n) => swarm.honest(`other-${n}`)));
  for (const { peer } of others) await peer.join([addressOf(sharer.peer)], signal());
  const cids = await share(sharer, 200, 'files');
  const bytes = await readFile(join(swarm.dir, 'files', '150'));
  for (const other of others) expect((await get(other, cids[150]!)).equals(bytes)).toBe(true);
  for (const peer of [sharer, ...others]) expect(of(peer, 'neighbour_banned')).toEqual([]);
  const called = of(sharer, 'neighbour_joined').map((event) => 'cid' in event && event.cid);
  expect(new Set(called)).toEqual(new Set([cids[150]!.toString()]));
}, 60_000);

it('a peer that fetches 40 files of one at once gets them all', async () => {
  const sharer = await swarm.honest('sharer', { up: 2 ** 30 });
  const cids = await share(sharer, 40, 'files');
  const getter = await swarm.honest('getter');
  await getter.peer.join([addressOf(sharer.peer)], signal());
  await Promise.all(cids.map((cid) => get(getter, cid)));
  for (const peer of [sharer, getter]) expect(of(peer, 'neighbour_banned')).toEqual([]);
}, 60_000);

it('who waits for a file gets it as soon as a peer it is connected to shares it', async () => {
  const sharer = await swarm.honest('sharer');
  const slow = await swarm.seed({ up: BYTES / 16 });
  const getter = await swarm.honest('getter');
  for (const { peer } of [sharer, slow]) await getter.peer.join([addressOf(peer)], signal());
  // It has the manifest, and then nobody to fetch from.
  const got = get(getter, swarm.cid);
  await until(getter, ({ event }) => event === 'neighbour_joined');
  await slow.peer.stop();
  // It need not be found, nor ask again: the sharer asks who is connected.
  const [line] = sharer.peer.node.getConnections(getter.peer.node.peerId);
  const opened = vi.spyOn(line!, 'newStream');
  await sharer.peer.share(swarm.file, { signal: signal() });
  await got;
  expect(opened.mock.calls.flatMap(([protocol]) => protocol)).toContain(EXCHANGE_PROTOCOL);
});
