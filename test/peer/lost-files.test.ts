// A file that is changed or removed while it is served: what was announced is taken back. The sharer
// says so once, the receiver says which file and why, and all that is left comes.
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { expect, it } from 'vitest';
import { cidAt } from '../../src/content/subset.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { addressOf, type Honest, until, useHostileSwarm } from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const FILE_BYTES = 4 * 65_536;

async function makeTree(): Promise<string> {
  const path = join(swarm.dir, 'tree');
  await mkdir(path);
  for (const name of ['a', 'b', 'c']) await writeFile(join(path, name), randomBytes(FILE_BYTES));
  return path;
}

async function share({ peer }: Honest, path: string): Promise<CID> {
  return (await peer.share(path, { signal: AbortSignal.timeout(20_000) })).cid;
}

function get(
  { peer }: Honest,
  cid: CID,
  timeoutMs = Number.POSITIVE_INFINITY,
  to = 'out',
  path?: string,
): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  const out = join(swarm.dir, to);
  return peer.get(cid, { out, force: false, timeoutMs, signal, ...(path ? { path } : {}) });
}

const warnings = ({ events }: Honest): string[] =>
  events.flatMap((event) => (event.event === 'warned' ? [event.message] : []));

const LOSSES: [string, string, string, (path: string) => Promise<void>][] = [
  ['is written to', 'changed', 'was changed', (path) => appendFile(path, 'more')],
  ['is removed', 'removed', 'was removed or replaced', (path) => rm(path)],
  [
    'is replaced',
    'changed',
    'was changed',
    async (path) => {
      await writeFile(`${path}.new`, randomBytes(FILE_BYTES));
      await rename(`${path}.new`, path);
    },
  ],
  [
    'gives way to a directory',
    'changed',
    'was changed',
    async (path) => {
      await rm(path);
      await mkdir(path);
    },
  ],
];

it.each(LOSSES)(
  'a file of a directory that %s is taken back',
  async (_, reason, words, lose) => {
    const tree = await makeTree();
    const sharer = await swarm.honest('sharer');
    const cid = await share(sharer, tree);
    await lose(join(tree, 'b'));
    const getter = await swarm.honest('getter');
    await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
    const remote = sharer.peer.peerId;
    const failure = get(getter, cid, 3000).catch((error: Error) => error.message);
    await until(getter, ({ event }) => event === 'pieces_withdrawn');
    expect(await failure).toMatch(
      new RegExp(
        `4 of 4 missing pieces are with none of 1 peers: 4-7; b ${words} where it was shared`,
      ),
    );
    const withdrawn = getter.events.filter(({ event }) => event === 'pieces_withdrawn');
    expect(withdrawn).toEqual([
      { event: 'pieces_withdrawn', cid: cid.toString(), remote, pieces: 4, paths: ['b'], reason },
    ]);
    expect(warnings(sharer)).toEqual([expect.stringMatching(/^served no more: .*\/tree\/b: /)]);
    const verified = getter.events.flatMap((e) => (e.event === 'piece_verified' ? [e.piece] : []));
    expect(verified.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
    for (const peer of [sharer, getter]) {
      expect(peer.events.filter(({ event }) => event === 'neighbour_banned')).toEqual([]);
    }
  },
  30_000,
);

it('a receiver that comes later is told of the rest, and gets it', async () => {
  const tree = await makeTree();
  const sharer = await swarm.honest('sharer');
  const cid = await share(sharer, tree);
  await rm(join(tree, 'b'));
  for (const name of ['first', 'second']) {
    const getter = await swarm.honest(name);
    await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
    const failure = get(getter, cid, 2500).catch((error: Error) => error.message);
    expect(await failure).toMatch(/4 of 4 missing pieces are with none of \d peers: 4-7/);
    await getter.peer.stop();
    await rm(join(swarm.dir, 'out'), { recursive: true });
  }
  expect(warnings(sharer).length).toBe(1);
}, 30_000);

it('another holder gives what one took back', async () => {
  const tree = await makeTree();
  const bytes = await readFile(join(tree, 'b'));
  const [sharer, other] = [await swarm.honest('sharer'), await swarm.honest('other')];
  const cid = await share(sharer, tree);
  await other.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
  await get(other, cid, Number.POSITIVE_INFINITY, 'elsewhere');
  await rm(join(tree, 'b'));
  const getter = await swarm.honest('getter');
  for (const { peer } of [sharer, other])
    await getter.peer.join([addressOf(peer)], AbortSignal.timeout(20_000));
  expect(await readFile(join(await get(getter, cid), 'b'))).toEqual(bytes);
}, 30_000);

it('a file of one piece that is gone is said to be gone', async () => {
  const path = join(swarm.dir, 'single');
  await writeFile(path, randomBytes(20_000));
  const sharer = await swarm.honest('sharer');
  const cid = await share(sharer, path);
  await appendFile(path, 'more');
  const getter = await swarm.honest('getter');
  await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
  await expect(get(getter, cid, 3000)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  const said = `${sharer.peer.peerId} has ${cid} no more: it was changed there`;
  expect(warnings(getter)).toEqual([said]);
  expect(warnings(sharer)).toEqual([expect.stringMatching(/^served no more: .*\/single: /)]);
}, 30_000);

const returned = ({ events }: Honest): string[][] =>
  events.flatMap((event) => (event.event === 'files_returned' ? [event.paths] : []));

it('a file that is moved away and back is served again, to who waits for it', async () => {
  const tree = await makeTree();
  const [b, away] = [join(tree, 'b'), join(swarm.dir, 'away')];
  const sharer = await swarm.honest('sharer');
  const cid = await share(sharer, tree);
  await rename(b, away);
  const getter = await swarm.honest('getter');
  await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
  const got = get(getter, cid);
  await until(getter, ({ event }) => event === 'pieces_withdrawn');
  await rename(away, b);
  expect(await readFile(join(await got, 'b'))).toEqual(await readFile(b));
  expect(returned(sharer)).toEqual([[b]]);
  expect(warnings(sharer)).toEqual([expect.stringMatching(/^served no more: .*\/tree\/b: /)]);
}, 30_000);

it.each([
  ['of several pieces', 'b', FILE_BYTES, 'pieces_withdrawn'],
  ['of one piece', 'small', 20_000, 'warned'],
  ['in a directory below', 'sub/x', FILE_BYTES, 'pieces_withdrawn'],
])(
  'who asks for a file %s alone is told that it is gone, and gets it when it is back',
  async (_, path, bytes, told) => {
    const tree = await makeTree();
    await mkdir(join(tree, 'sub'));
    await writeFile(join(tree, path), randomBytes(bytes));
    const [file, away] = [join(tree, path), join(swarm.dir, 'away')];
    const sharer = await swarm.honest('sharer');
    const cid = await share(sharer, tree);
    await rename(file, away);
    const getter = await swarm.honest('getter');
    await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
    const name = path.split('/').at(-1)!;
    await expect(get(getter, cid, 2500, 'out', path)).rejects.toThrow(
      new RegExp(`${name} (no more: it )?was removed or replaced`),
    );
    const got = get(getter, cid, Number.POSITIVE_INFINITY, 'out', path);
    await until(getter, ({ event }) => event === told);
    await rename(away, file);
    expect(await readFile(await got)).toEqual(await readFile(file));
    expect(returned(sharer)).toEqual([[file]]);
    expect(warnings(sharer)).toHaveLength(1);
  },
  30_000,
);

it('the CID of a file inside names the file, too', async () => {
  const tree = await makeTree();
  const { cid: inside } = cidAt(await importPath(tree), 'b');
  const sharer = await swarm.honest('sharer');
  await share(sharer, tree);
  await rm(join(tree, 'b'));
  const getter = await swarm.honest('getter');
  await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
  await expect(get(getter, inside, 2500)).rejects.toThrow(
    /4 of 4 missing pieces are with none of 1 peers: 0-3; b was removed or replaced where it was shared/,
  );
}, 30_000);

it('another directory that has the file gives it, where one has lost it', async () => {
  const tree = await makeTree();
  const other = join(swarm.dir, 'other');
  await mkdir(other);
  const bytes = await readFile(join(tree, 'b'));
  for (const name of ['b', 'z']) await writeFile(join(other, name), bytes);
  const { cid: inside } = cidAt(await importPath(tree), 'b');
  const sharer = await swarm.honest('sharer');
  const cid = await share(sharer, tree);
  await share(sharer, other);
  await rm(join(tree, 'b'));
  const first = await swarm.honest('first');
  await first.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
  await expect(get(first, cid, 2500)).rejects.toThrow('b was removed');
  const getter = await swarm.honest('getter');
  await getter.peer.join([addressOf(sharer.peer)], AbortSignal.timeout(20_000));
  expect(await readFile(await get(getter, inside, Number.POSITIVE_INFINITY, 'alone'))).toEqual(
    bytes,
  );
}, 30_000);
