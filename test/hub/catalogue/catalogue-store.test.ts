import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { stampOf } from '../../../src/disk/file-system/stamp-age.ts';
import { CatalogueStore, type HashedFile } from '../../../src/hub/catalogue/catalogue-store.ts';
import { type Answer, type Hub, startHub, tempRoot } from '../../server/hub.ts';

const MIB = 2 ** 20;

async function directories() {
  return { root: await tempRoot(), catalogueDirectory: await tempRoot() };
}

/** What a store that nobody holds says of a file. */
async function recorded(directory: string, root: string, path: string) {
  const store = await CatalogueStore.open(directory, root);
  try {
    return await store.get(relative(root, path).split('/'));
  } finally {
    await store.close();
  }
}

async function record(directory: string, root: string, path: string, hashed: HashedFile) {
  const store = await CatalogueStore.open(directory, root);
  await store.put(relative(root, path).split('/'), hashed);
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

const LONG = Buffer.alloc(3 * MIB, 'a');
const WRONG = new Uint8Array(32).fill(7);

const digestField = (sha256: Uint8Array) => `sha-256=:${Buffer.from(sha256).toString('base64')}:`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

async function digestOf(options: { root: string; catalogueDirectory: string }, headers = {}) {
  const hub = await startHub(options);
  const head = await hub.ask('/files/file', { method: 'HEAD', headers });
  await hub.running.stop();
  return head.headers['repr-digest'];
}

test('the digest of the whole is made once, and known after a restart', async () => {
  const options = await directories();
  const path = join(options.root, 'file');
  await writeFile(path, LONG);
  expect(await digestOf(options)).toBeUndefined();
  const want = { 'Want-Repr-Digest': 'sha-256=1' };
  expect(await digestOf(options, want)).toBe(digestField(sha256(LONG)));
  expect(await digestOf(options)).toBe(digestField(sha256(LONG)));
  const hashed = (await recorded(options.catalogueDirectory, options.root, path))!;
  // A hub that believes the record instead of hashing says what is recorded.
  await record(options.catalogueDirectory, options.root, path, { ...hashed, sha256: WRONG });
  expect(await digestOf(options, want)).toBe(digestField(WRONG));
  await writeFile(path, Buffer.alloc(3 * MIB, 'b'));
  expect(await digestOf(options)).toBeUndefined();
});

test('a digest of another version, or none, is not kept', async () => {
  const { root, catalogueDirectory } = await directories();
  const store = await CatalogueStore.open(catalogueDirectory, root);
  const hashed = { stamp: 'now', pieceLength: MIB, totalLength: 1, digests: WRONG };
  await store.put(['a'], hashed);
  await store.putDigest(['a'], 'before', WRONG);
  await store.putDigest(['b'], 'now', WRONG);
  expect((await store.get(['a']))!.sha256).toBeUndefined();
  await store.put(['a'], { ...hashed, sha256: WRONG.subarray(1) });
  expect((await store.get(['a']))!.sha256).toBeUndefined();
  await store.putDigest(['a'], 'now', WRONG);
  expect((await store.get(['a']))!.sha256).toEqual(Buffer.from(WRONG));
  expect(await store.get(['b'])).toBeUndefined();
  await store.close();
});

const TUS = { 'Tus-Resumable': '1.0.0' };
const NAMED = `filename ${Buffer.from('file').toString('base64')}`;

test.each<[string, boolean, (hub: Hub) => Promise<Answer>]>([
  [
    'PUT with Repr-Digest',
    true,
    (hub) => put(hub, { 'Repr-Digest': digestField(sha256(LONG)), 'Content-Length': LONG.length }),
  ],
  [
    'chunked PUT with Repr-Digest',
    true,
    (hub) => put(hub, { 'Repr-Digest': digestField(sha256(LONG)) }),
  ],
  ['PUT without', false, (hub) => put(hub, { 'Content-Length': LONG.length })],
  ['tus upload with a checksum', true, (hub) => create(hub, 'sha256')],
  ['tus upload with an older checksum', false, (hub) => create(hub, 'sha1')],
])('a %s makes the digest known: %j', async (_what, known, upload) => {
  const options = await directories();
  const hub = await startHub({ ...options, writable: true });
  expect(await upload(hub)).toMatchObject({ status: 201 });
  const expected = known ? digestField(sha256(LONG)) : undefined;
  const { headers } = await hub.ask('/files/file', { method: 'HEAD' });
  expect(headers['repr-digest']).toBe(expected);
  await hub.running.stop();
  expect(await digestOf(options)).toBe(expected);
});

test('a tus upload in two requests has the checksum of neither as its digest', async () => {
  const hub = await startHub({ ...(await directories()), writable: true });
  const created = await hub.ask('/uploads/', {
    method: 'POST',
    headers: { ...TUS, 'Upload-Length': LONG.length, 'Upload-Metadata': NAMED },
  });
  const { pathname } = new URL(created.headers.location!, hub.running.url);
  for (const [from, to] of [
    [0, 2 * MIB],
    [2 * MIB, LONG.length],
  ] as const) {
    const body = LONG.subarray(from, to);
    const patched = await hub.ask(pathname, {
      method: 'PATCH',
      headers: { ...chunk('sha256', body), 'Upload-Offset': from },
      body,
    });
    expect(patched.status).toBe(204);
  }
  const { headers } = await hub.ask('/files/file', { method: 'HEAD' });
  expect(headers.etag).toBeDefined();
  expect(headers['repr-digest']).toBeUndefined();
});

function put(hub: Hub, headers: OutgoingHttpHeaders): Promise<Answer> {
  return hub.ask('/files/file', { method: 'PUT', headers, body: LONG });
}

function chunk(algorithm: string, body: Buffer): OutgoingHttpHeaders {
  const digest = createHash(algorithm).update(body).digest('base64');
  return {
    ...TUS,
    'Content-Type': 'application/offset+octet-stream',
    'Upload-Checksum': `${algorithm} ${digest}`,
  };
}

function create(hub: Hub, algorithm: string): Promise<Answer> {
  const headers = { 'Upload-Length': LONG.length, 'Upload-Metadata': NAMED };
  return hub.ask('/uploads/', {
    method: 'POST',
    headers: { ...chunk(algorithm, LONG), ...headers },
    body: LONG,
  });
}
