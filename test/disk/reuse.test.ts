// Pieces that lie on this disk are copied, each verified; what is not what it was costs a read.
import { appendFile, mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { MemoryStore } from '../../src/content/memory-store.ts';
import { FileStore } from '../../src/disk/file-store.ts';
import { HashedFiles } from '../../src/disk/import/hashed-files.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { recordDownload } from '../../src/disk/import/record-download.ts';
import { otherVersions } from '../../src/disk/place/partial-name.ts';
import { reusePieces } from '../../src/disk/reuse.ts';
import { seededBytes, tempDir } from './files.ts';

const PIECE = 65_536;
const bytes = seededBytes(8 * PIECE + 100, 1);
let dir = '';
let records = '';
let old = '';

beforeEach(async () => {
  dir = await tempDir();
  records = join(dir, 'records');
  old = join(dir, 'old');
});

/** An empty store of content, and how many bytes were hashed to find its pieces. */
async function reuse(content: Uint8Array, versions: string[] = [old], signal?: AbortSignal) {
  const path = join(dir, 'content');
  await writeFile(path, content);
  const { manifest } = await importPath(path, { pieceLength: PIECE });
  const store = MemoryStore.empty(manifest);
  let hashed = 0;
  const onHashed = (sum: number): void => {
    hashed = sum;
  };
  const reused = await reusePieces(store, { records, versions, onHashed, signal });
  return { ...reused, have: [...store.have], hashed };
}

async function record(path: string): Promise<void> {
  const hashed = await HashedFiles.open(records, path, false);
  await importPath(path, { pieceLength: PIECE, hashed });
  await hashed.save();
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8];

it('hashes an older version that nothing is known of, its last short piece only if one is missing', async () => {
  await writeFile(old, bytes.subarray(0, 3 * PIECE + 50));
  expect(await reuse(bytes)).toMatchObject({
    have: [0, 1, 2],
    pieces: 3,
    bytes: 3 * PIECE,
    paths: [old],
    hashed: 3 * PIECE,
  });
  await writeFile(old, bytes);
  expect(await reuse(bytes)).toMatchObject({ have: ALL, hashed: bytes.length });
});

it('finds nothing behind bytes that were inserted', async () => {
  await writeFile(
    old,
    Buffer.concat([bytes.subarray(0, 2 * PIECE), bytes.subarray(2 * PIECE - 1)]),
  );
  expect(await reuse(bytes)).toMatchObject({ have: [0, 1] });
});

it('reads by a record only what is wanted, and hashes nothing again', async () => {
  await writeFile(old, bytes);
  await record(old);
  expect(await reuse(bytes)).toMatchObject({ have: ALL, hashed: 0 });
  expect(await reuse(Buffer.concat([bytes, bytes]))).toMatchObject({ hashed: 0 });
});

it('believes no record: what was changed since is not taken', async () => {
  await writeFile(old, bytes);
  await record(old);
  const changed = Buffer.from(bytes);
  changed.fill(0, PIECE, 2 * PIECE);
  await writeFile(old, changed);
  expect(await reuse(bytes)).toMatchObject({ have: [0, 2, 3, 4, 5, 6, 7, 8], pieces: 8 });
});

it('gives a file up that is another by now', async () => {
  const elsewhere = join(dir, 'elsewhere');
  await writeFile(elsewhere, bytes);
  await record(elsewhere);
  const other = seededBytes(bytes.length, 2);
  // Its sixth piece is what it was, and is not looked at after four that are not.
  other.set(bytes.subarray(5 * PIECE, 6 * PIECE), 5 * PIECE);
  await writeFile(elsewhere, other);
  expect(await reuse(bytes)).toMatchObject({ have: [] });
});

it.each<[string, () => Promise<unknown>]>([
  ['is gone', () => rename(old, `${old}.gone`)],
  ['is shorter', () => truncate(old, 2 * PIECE + 7)],
  ['is a directory', () => rename(old, `${old}.gone`).then(() => mkdir(old))],
  ['is a link', () => rename(old, `${old}.gone`).then(() => symlink('nowhere', old))],
])('goes on where a recorded file %s', async (_, change) => {
  await writeFile(old, bytes);
  await record(old);
  await change();
  const { have } = await reuse(bytes);
  expect(have.length).toBeLessThan(3);
});

it('looks into directories, and follows no link there', async () => {
  const secret = join(dir, 'secret');
  await writeFile(secret, bytes);
  await mkdir(join(old, 'sub'), { recursive: true });
  await symlink(secret, join(old, 'sub', 'link'));
  expect(await reuse(bytes)).toMatchObject({ have: [], hashed: 0 });
  await writeFile(join(old, 'sub', 'file'), bytes.subarray(0, PIECE));
  expect(await reuse(bytes)).toMatchObject({ have: [0], paths: [join(old, 'sub', 'file')] });
});

it('hashes no more than twice the content and 64 MiB, and none after a signal', async () => {
  await writeFile(old, '');
  await truncate(old, 2 ** 30);
  const { hashed } = await reuse(bytes);
  expect(hashed).toBeGreaterThan(2 ** 26);
  expect(hashed).toBeLessThanOrEqual(2 ** 26 + 2 * bytes.length);
  await expect(reuse(bytes, [old], AbortSignal.abort(new Error('enough')))).rejects.toThrow(
    'enough',
  );
});

it('a download is recorded, except for files that were written to since', async () => {
  await mkdir(old);
  await writeFile(join(old, 'a'), bytes);
  await writeFile(join(old, 'b'), seededBytes(2 * PIECE, 3));
  const { manifest, sources } = await importPath(old, { pieceLength: PIECE });
  const target = join(dir, 'target');
  const store = await FileStore.download(manifest, target);
  const fill = await reusePieces(store, { versions: [old] });
  expect(fill).toMatchObject({ bytes: manifest.geometry.totalLength, pieces: 11 });
  await store.publish();
  await appendFile(join(target, 'b'), 'more');
  await recordDownload(records, target, { manifest, sources: store.sources! });
  await store.close();
  expect(sources).toHaveLength(2);
  const hashed = await HashedFiles.open(records, target, false);
  await importPath(target, { pieceLength: PIECE, hashed });
  expect(hashed.addedBytes).toBe(2 * PIECE + 4);
});

it('names the target and partial files of its other versions', async () => {
  const path = join(dir, 'content');
  await writeFile(path, bytes);
  const { manifest } = await importPath(path, { pieceLength: PIECE });
  const own = manifest.root.toString().slice(-8);
  for (const name of [
    `old.${own}.part`,
    'old.abcdefgh.part',
    'old.abcdefgh.manifest',
    'old.x.part',
  ])
    await writeFile(join(dir, name), '');
  expect(await otherVersions(manifest.root, old)).toEqual([old, join(dir, 'old.abcdefgh.part')]);
  expect(await otherVersions(manifest.root, join(dir, 'none', 'x'))).toEqual([
    join(dir, 'none', 'x'),
  ]);
});
