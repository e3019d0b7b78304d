// What lies inside a shared directory: it is fetched by its path or by its own CID, and nothing
// beside it travels.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { beforeEach, expect, it } from 'vitest';
import { cidAt } from '../../src/content/subset.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { addressOf, type Honest, useHostileSwarm } from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

/** Bytes by path: of no piece, of one, of one that is not sent with its manifest, and of several. */
const FILES: Record<string, Buffer> = {
  'a/empty': Buffer.alloc(0),
  'a/deep/small': randomBytes(1000),
  'a/deep/one': randomBytes(60_000),
  'b/several': randomBytes(200_000),
  'b/.hidden': randomBytes(100),
  'b/again': randomBytes(150_000),
  last: randomBytes(300_000),
};
let sharer: Honest;
let root: CID;
let tree = '';

beforeEach(async () => {
  tree = join(swarm.dir, 'tree');
  for (const [path, bytes] of Object.entries(FILES)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), bytes);
  }
  sharer = await swarm.honest('sharer', { up: 100 * 2 ** 20 });
  root = (await sharer.peer.share(tree, { signal: signal() })).cid;
});

interface Got {
  readonly path: string;
  readonly receiver: Honest;
  readonly cid: CID | undefined;
}

/** Fetches by a fresh peer that knows only the one given. */
async function get(cid: CID, path?: string, from = sharer, name = 'receiver'): Promise<Got> {
  const receiver = await swarm.honest(name);
  await receiver.peer.join([addressOf(from.peer)], signal());
  let found: CID | undefined;
  const onFound = (each: CID): void => {
    found = each;
  };
  const got = await receiver.peer.get(cid, {
    out: join(swarm.dir, `out-${name}`),
    force: false,
    timeoutMs: 10_000,
    signal: signal(),
    onFound,
    ...(path === undefined ? {} : { path }),
  });
  return { path: got, receiver, cid: found };
}

async function cidOf(path: string): Promise<CID> {
  return cidAt(await importPath(tree), path).cid;
}

async function filesBelow(path: string): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[file.slice(path.length + 1)] = await readFile(file);
  }
  return files;
}

it.each(['a/empty', 'a/deep/small', 'a/deep/one', 'b/several', '/b//several/', 'b/.hidden'])(
  'the file at %s comes, and no other',
  async (path) => {
    const { path: got, receiver } = await get(root, path);
    const clean = path.split('/').filter(Boolean).join('/');
    expect(got).toBe(join(swarm.dir, 'out-receiver', clean.split('/').at(-1)!));
    expect((await readFile(got)).equals(FILES[clean]!)).toBe(true);
    const bytes = FILES[clean]!.length;
    expect(receiver.peer.link.receivedBytes).toBeGreaterThanOrEqual(bytes);
    // Nodes of the DAG and messages.
    expect(receiver.peer.link.receivedBytes).toBeLessThan(bytes + 4000);
  },
);

it('a directory below comes with all that is in it, and nothing else', async () => {
  const { path, receiver, cid } = await get(root, 'a');
  expect(await filesBelow(path)).toEqual({
    empty: FILES['a/empty'],
    'deep/small': FILES['a/deep/small'],
    'deep/one': FILES['a/deep/one'],
  });
  expect(cid).toEqual(await cidOf('a'));
  expect(receiver.peer.link.receivedBytes).toBeLessThan(65_000);
});

it.each(['a', 'a/empty', 'a/deep/small', 'a/deep/one', 'b/several'])(
  'the CID of %s is answered by who shares the directory',
  async (path) => {
    const { path: got } = await get(await cidOf(path));
    if (path !== 'a') expect((await readFile(got)).equals(FILES[path]!)).toBe(true);
    else expect(Object.keys(await filesBelow(got))).toHaveLength(3);
  },
);

it('who fetched the directory answers for its files', async () => {
  const { receiver } = await get(root, undefined, sharer, 'whole');
  await sharer.peer.stop();
  const { path } = await get(root, 'b/again', receiver);
  expect((await readFile(path)).equals(FILES['b/again']!)).toBe(true);
});

it('who fetched a file of a directory passes it on', async () => {
  const { receiver } = await get(root, 'b/several', sharer, 'first');
  await sharer.peer.stop();
  const { path } = await get(await cidOf('b/several'), undefined, receiver);
  expect((await readFile(path)).equals(FILES['b/several']!)).toBe(true);
});

it('a file that is there is served although another of the directory is gone', async () => {
  const cid = await cidOf('b/several');
  await rm(join(tree, 'last'));
  const { path } = await get(cid);
  expect((await readFile(path)).equals(FILES['b/several']!)).toBe(true);
});

it.each([
  ['nothing', `nothing is named nothing; it holds a, b, last`],
  ['a/deep/big', `nothing is named a/deep/big; a/deep holds one, small`],
  ['last/x', `nothing is named last/x; last is no directory`],
  ['../tree', `nothing is named ..; it holds a, b, last`],
])('the path %s ends at once, and what is there is named', async (path, words) => {
  const failed = get(root, path);
  await expect(failed).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
    message: `${root}: ${words}`,
  });
});

it('most names are only counted', async () => {
  const many = join(swarm.dir, 'many');
  await mkdir(many);
  for (let n = 10; n < 30; n++) await writeFile(join(many, `f${n}\u202e`), '');
  const imported = await importPath(many);
  expect(() => cidAt(imported, 'x')).toThrow(
    /x; it holds f10\?, f11\?, f12\?, f13\?, f14\?, f15\?, f16\?, f17\? and 12 more$/,
  );
});
