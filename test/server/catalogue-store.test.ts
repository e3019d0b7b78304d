import { mkdir, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stampOf } from '../../src/server/catalogue.ts';
import { CatalogueStore, type HashedFile } from '../../src/server/catalogue-store.ts';
import { startHub, tempRoot } from './hub.ts';

const MIB = 2 ** 20;

async function directories() {
  return { root: await tempRoot(), catalogueDirectory: await tempRoot() };
}

/** What a store that nobody holds says of a file. */
async function recorded(directory: string, root: string, path: string) {
  const store = await CatalogueStore.open(directory, root);
  try {
    return await store.get(path);
  } finally {
    await store.close();
  }
}

async function record(directory: string, root: string, path: string, hashed: HashedFile) {
  const store = await CatalogueStore.open(directory, root);
  await store.put(path, hashed);
  await store.close();
}

async function etagOf(options: { root: string; catalogueDirectory: string }, name: string) {
  const hub = await startHub(options);
  const { headers } = await hub.ask(`/files/${name}`, { method: 'HEAD' });
  await hub.running.stop();
  return headers.etag;
}

test('a file is hashed once, and its tag is the same after a restart', async () => {
  const options = await directories();
  const path = join(options.root, 'file');
  await writeFile(path, Buffer.alloc(3 * MIB, 'a'));
  const first = await etagOf(options, 'file');
  const hashed = (await recorded(options.catalogueDirectory, options.root, path))!;
  expect(hashed).toMatchObject({ totalLength: 3 * MIB, stamp: stampOf(await stat(path)) });
  // A hub that believes the record instead of hashing gives the tag of what is recorded.
  const digests = new Uint8Array(hashed.digests.length);
  await record(options.catalogueDirectory, options.root, path, { ...hashed, digests });
  const second = await etagOf(options, 'file');
  expect(second).not.toBe(first);
  await record(options.catalogueDirectory, options.root, path, hashed);
  expect(await etagOf(options, 'file')).toBe(first);
});

test('a file that changed while no hub ran is hashed again', async () => {
  const options = await directories();
  const path = join(options.root, 'file');
  const when = new Date('2020-01-01');
  await writeFile(path, 'one');
  await utimes(path, when, when);
  const first = await etagOf(options, 'file');
  await writeFile(path, 'two');
  await utimes(path, when, when);
  const second = await etagOf(options, 'file');
  expect(second).not.toBe(first);
  await writeFile(path, 'one');
  expect(await etagOf(options, 'file')).toBe(first);
});

test('another piece length makes another tag, whatever was recorded', async () => {
  const options = await directories();
  await writeFile(join(options.root, 'file'), Buffer.alloc(3 * MIB, 'a'));
  const first = await etagOf(options, 'file');
  const hub = await startHub({ ...options, pieceLength: MIB });
  const { headers } = await hub.ask('/files/file', { method: 'HEAD' });
  expect(headers.etag).not.toBe(first);
});

test('files that are gone are forgotten', async () => {
  const options = await directories();
  const path = join(options.root, 'file');
  await writeFile(path, 'one');
  await etagOf(options, 'file');
  await rm(path);
  const hub = await startHub(options);
  await hub.until('catalogue_completed');
  await hub.running.stop();
  expect(await recorded(options.catalogueDirectory, options.root, path)).toBeUndefined();
});

test('several hubs over one root have a store each', async () => {
  const options = await directories();
  await writeFile(join(options.root, 'file'), 'one');
  const hubs = await Promise.all([startHub(options), startHub(options), startHub(options)]);
  const tags = await Promise.all(
    hubs.map(async (hub) => (await hub.ask('/files/file')).headers.etag),
  );
  expect(new Set(tags).size).toBe(1);
  expect(await readdir(options.catalogueDirectory)).toHaveLength(3);
  expect(hubs.flatMap(({ events }) => events.filter(({ event }) => event === 'warned'))).toEqual(
    [],
  );
});

test('a store that is damaged is made anew', async () => {
  const options = await directories();
  const path = join(options.root, 'file');
  await writeFile(path, 'one');
  const first = await etagOf(options, 'file');
  const [store] = await readdir(options.catalogueDirectory);
  const inside = join(options.catalogueDirectory, store!);
  await writeFile(join(inside, 'CURRENT'), 'junk');
  expect(await etagOf(options, 'file')).toBe(first);
  expect(await recorded(options.catalogueDirectory, options.root, path)).toBeDefined();
  for (const name of await readdir(inside)) await truncate(join(inside, name), 3);
  expect(await etagOf(options, 'file')).toBe(first);
});

test('a hub that cannot keep a store says so, and serves', async () => {
  const { root, catalogueDirectory } = await directories();
  await writeFile(join(root, 'file'), 'one');
  const blocked = join(catalogueDirectory, 'file');
  await writeFile(blocked, '');
  const hub = await startHub({ root, catalogueDirectory: blocked });
  await hub.until('warned', ({ message }) => message.startsWith('hashes are not kept'));
  expect(await hub.ask('/files/file')).toMatchObject({ status: 200, text: 'one' });
});

test('directories below the root are covered', async () => {
  const options = await directories();
  await mkdir(join(options.root, 'a', 'b'), { recursive: true });
  await writeFile(join(options.root, 'a', 'b', 'c'), 'one');
  const first = await etagOf(options, 'a/b/c');
  expect(await etagOf(options, 'a/b/c')).toBe(first);
});
