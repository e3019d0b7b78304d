// Sharing again hashes what has changed, and nothing else.
import { createHash } from 'node:crypto';
import {
  appendFile,
  chmod,
  readdir,
  readFile,
  rename,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { HashedFiles } from '../../../src/disk/import/hashed-files.ts';
import { type Imported, importPath } from '../../../src/disk/import/import.ts';
import { seededBytes, tempDir, writeTree } from '../files.ts';

const PIECE = 65_536;
const BYTES = 10 * PIECE;
let dir = '';
let tree = '';
let records = '';

beforeEach(async () => {
  dir = await tempDir();
  tree = join(dir, 'tree');
  records = join(dir, 'records');
  await writeTree(tree, {
    a: seededBytes(BYTES, 1),
    'b/c': seededBytes(BYTES, 2),
    empty: Buffer.alloc(0),
  });
});

/** Imports with the record of earlier runs; counts the bytes that are read. */
async function share(
  path = tree,
  { afresh = false, pieceLength = PIECE } = {},
): Promise<Imported & { hashedBytes: number }> {
  const hashed = await HashedFiles.open(records, path, afresh);
  const imported = await importPath(path, { pieceLength, hashed });
  await hashed.save();
  return { ...imported, hashedBytes: hashed.addedBytes };
}

it('hashes nothing the second time, and names the same CID', async () => {
  const first = await share();
  const second = await share();
  expect(first.hashedBytes).toBe(2 * BYTES);
  expect(second.hashedBytes).toBe(0);
  expect(second.manifest.root).toEqual(first.manifest.root);
  expect(second.manifest.digests).toEqual(first.manifest.digests);
});

it.each<[string, (path: string) => Promise<void>]>([
  ['is longer', (path) => appendFile(path, 'more')],
  [
    'has other bytes, and the size and the time that it had',
    async (path) => {
      const { atime, mtime } = await stat(path);
      await writeFile(path, seededBytes(BYTES, 3));
      await utimes(path, atime, mtime);
    },
  ],
  [
    'is replaced by another of that size and time',
    async (path) => {
      const { atime, mtime } = await stat(path);
      await writeFile(`${path}.new`, seededBytes(BYTES, 3));
      await utimes(`${path}.new`, atime, mtime);
      await rename(`${path}.new`, path);
    },
  ],
  ['may be read by others', (path) => chmod(path, 0o600)],
])('hashes one that %s, and no other', async (_, change) => {
  await share();
  await change(join(tree, 'a'));
  const again = await share();
  expect(again.hashedBytes).toBe((await stat(join(tree, 'a'))).size);
  expect(again.manifest.root).toEqual(
    (await importPath(tree, { pieceLength: PIECE })).manifest.root,
  );
});

it('hashes one that is written to as soon as it was shared', async () => {
  await writeFile(join(tree, 'a'), seededBytes(BYTES, 4));
  await share();
  await writeFile(join(tree, 'a'), seededBytes(BYTES, 5));
  const again = await share();
  expect(again.manifest.root).toEqual(
    (await importPath(tree, { pieceLength: PIECE })).manifest.root,
  );
});

it('hashes all in pieces of another length, and when that is asked for', async () => {
  await share();
  expect((await share(tree, { afresh: true })).hashedBytes).toBe(2 * BYTES);
  expect((await share(tree, { pieceLength: 2 * PIECE })).hashedBytes).toBe(2 * BYTES);
});

it.each<[string, (path: string) => Promise<void>]>([
  ['cut short', async (path) => writeFile(path, (await readFile(path)).subarray(0, -5))],
  [
    'changed',
    async (path) =>
      writeFile(path, (await readFile(path, 'utf8')).replace('AAA', 'AAB').replace(/[b-y]"/, 'z"')),
  ],
  ['empty', (path) => writeFile(path, '')],
])('takes a record that was %s for none', async (_, damage) => {
  const first = await share();
  const [name] = await readdir(records);
  await damage(join(records, name!));
  const again = await share();
  expect(again.hashedBytes).toBe(2 * BYTES);
  expect(again.manifest.root).toEqual(first.manifest.root);
});

it('forgets files that are shared no more', async () => {
  await share();
  await rename(join(tree, 'b/c'), join(tree, 'b/d'));
  await share();
  const [name] = await readdir(records);
  expect(await readFile(join(records, name!), 'utf8')).not.toContain('/tree/b/c"');
});

it('a share that was stopped goes on behind its last whole file', async () => {
  const hashed = await HashedFiles.open(records, tree, false);
  const stop = new AbortController();
  const onProgress = (bytes: number): void => {
    if (bytes >= BYTES) stop.abort();
  };
  const importing = importPath(tree, {
    pieceLength: PIECE,
    hashed,
    onProgress,
    signal: stop.signal,
  });
  await expect(importing).rejects.toThrow();
  expect(hashed.addedBytes).toBe(BYTES);
  await hashed.saveUnfinished();
  expect((await share()).hashedBytes).toBe(BYTES);
});

it('what an unfinished share did not come to is kept from the one before', async () => {
  await share();
  const hashed = await HashedFiles.open(records, tree, false);
  hashed.add(join(tree, 'new'), 'stamp', PIECE, BYTES, new Uint8Array(320));
  await hashed.saveUnfinished();
  expect((await share()).hashedBytes).toBe(0);
});

it('is saved on the way when much was hashed, so that a kill costs little', async () => {
  const big = 128 * 2 ** 20;
  const hashed = await HashedFiles.open(records, tree, false);
  const digests = new Uint8Array((big / PIECE) * 32);
  hashed.add('/1', 's', PIECE, big, digests);
  await hashed.saveSome();
  await expect(readdir(records)).rejects.toThrow();
  hashed.add('/2', 's', PIECE, big, digests);
  await hashed.saveSome();
  const later = await HashedFiles.open(records, tree, false);
  expect(later.find('/2', 's', PIECE, big)).toEqual(digests);
});

it.each([
  '{}',
  '{"pieceLength":65536,"files":null}',
  '{"pieceLength":65536,"files":{"a":null}}',
  'null',
  '{',
])('takes a record of another shape, with its right digest, for none: %s', async (text) => {
  const first = await share();
  const [name] = await readdir(records);
  const digest = createHash('sha256').update(text).digest('hex');
  await writeFile(join(records, name!), `${digest}\n${text}`);
  const again = await share();
  expect(again.hashedBytes).toBe(2 * BYTES);
  expect(again.manifest.root).toEqual(first.manifest.root);
});
