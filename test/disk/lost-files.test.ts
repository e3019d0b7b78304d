// A shared file that is lost is looked for, and served again when it is what it was.
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Loss, Return } from '../../src/content/store.ts';
import { cidAt, subsetAt } from '../../src/content/subset.ts';
import { FileStore } from '../../src/disk/file-store.ts';
import { type Imported, importPath } from '../../src/disk/import/import.ts';
import { LostFiles } from '../../src/disk/lost-files.ts';
import { seededBytes, tempDir, writeTree } from './files.ts';

const BYTES = { a: seededBytes(200, 1), b: seededBytes(300, 2), 'c/d': seededBytes(100, 3) };
/** First pieces, of 64 bytes. */
const A = 0;
const B = 4;
const D = 9;

interface Shared {
  readonly tree: string;
  readonly imported: Imported;
  readonly store: FileStore;
  readonly losses: Loss[];
  readonly returns: Return[];
}

async function shared(): Promise<Shared> {
  const tree = join(await tempDir(), 'tree');
  await writeTree(tree, BYTES);
  // Node.js sets whole milliseconds.
  for (const name of Object.keys(BYTES)) await utimes(join(tree, name), 1e9, 1e9);
  const imported = await importPath(tree, { pieceLength: 64 });
  const store = FileStore.share(imported);
  const losses: Loss[] = [];
  const returns: Return[] = [];
  store.watchLosses((loss) => losses.push(loss));
  store.watchReturns((back) => returns.push(...back));
  return { tree, imported, store, losses, returns };
}

const isLost = async (store: FileStore, piece: number): Promise<boolean> =>
  store.read(piece, 0, 1).then(
    () => false,
    () => true,
  );

/** Puts it away, and back; times stay. */
type Change = (path: string, away: string) => Promise<void>;

const BACK: [string, Change, Change][] = [
  ['is moved away and back', rename, (path, away) => rename(away, path)],
  [
    'gives way to another for a time',
    async (path, away) => {
      await rename(path, away);
      await writeFile(path, seededBytes(300, 9));
    },
    (path, away) => rename(away, path),
  ],
  [
    'lies in a directory that is moved away and back',
    (path, away) => rename(join(path, '..'), away),
    (path, away) => rename(away, join(path, '..')),
  ],
  [
    'comes back by a copy that keeps its time, on another inode',
    async (path, away) => {
      await cp(path, away, { preserveTimestamps: true });
      await rm(path);
    },
    (path, away) => cp(away, path, { preserveTimestamps: true }),
  ],
  [
    'gives way to a directory for a time',
    async (path, away) => {
      await rename(path, away);
      await mkdir(path);
    },
    async (path, away) => {
      await rm(path, { recursive: true });
      await rename(away, path);
    },
  ],
];

it.each(BACK)('a file that %s is served again', async (_, lose, regain) => {
  const { tree, store, losses, returns } = await shared();
  const [path, away] = [join(tree, 'b'), join(tree, '../away')];
  await lose(path, away);
  expect(await isLost(store, B)).toBe(true);
  expect(losses).toMatchObject([{ first: B, count: 5 }]);
  await store.seekLost();
  expect(returns).toEqual([]);
  expect(store.losses).toEqual(losses);
  await regain(path, away);
  await store.seekLost();
  expect(returns).toEqual([{ first: B, count: 5, path }]);
  expect(store.losses).toEqual([]);
  expect(store.have.isFull).toBe(true);
  expect(Buffer.from(await store.read(B + 1, 8, 8))).toEqual(BYTES.b.subarray(72, 80));
  expect(losses).toHaveLength(1);
  await store.close();
});

it('one that was removed while it was open is read anew', async () => {
  const { tree, store, returns } = await shared();
  const [path, away] = [join(tree, 'b'), join(tree, '../away')];
  await store.read(B, 0, 64);
  await cp(path, away, { preserveTimestamps: true });
  await rm(path);
  expect(await isLost(store, B)).toBe(true);
  await rename(away, path);
  await store.seekLost();
  expect(returns).toHaveLength(1);
  expect(Buffer.from(await store.read(B, 0, 64))).toEqual(BYTES.b.subarray(0, 64));
  await store.close();
});

const CHANGED: [string, (path: string) => Promise<void>][] = [
  ['is written to', (path) => appendFile(path, 'more')],
  ['is another one of the same size', (path) => writeFile(path, seededBytes(300, 9))],
  [
    'has other bytes under its old time',
    async (path) => {
      await writeFile(path, seededBytes(300, 9));
      await utimes(path, 1e9, 1e9);
    },
  ],
  [
    'is a directory',
    async (path) => {
      await rm(path);
      await mkdir(path);
    },
  ],
];

it.each(CHANGED)('a file that %s stays lost', async (_, change) => {
  const { tree, store, losses, returns } = await shared();
  await change(join(tree, 'b'));
  expect(await isLost(store, B)).toBe(true);
  for (let look = 0; look < 3; look++) await store.seekLost();
  expect(returns).toEqual([]);
  expect(losses).toMatchObject([{ first: B, reason: 'changed' }]);
  await store.close();
});

it('one that was gone and is another file then is told of once more', async () => {
  const { tree, store, losses, returns } = await shared();
  const path = join(tree, 'b');
  await rm(path);
  expect(await isLost(store, B)).toBe(true);
  await writeFile(path, seededBytes(300, 9));
  for (let look = 0; look < 2; look++) await store.seekLost();
  await rm(path);
  await store.seekLost();
  expect(losses.map(({ reason }) => reason)).toEqual(['removed', 'changed']);
  expect(losses[1]!.message).toMatch(/b: changed since it was read; share it again/);
  expect(store.losses).toMatchObject([{ reason: 'changed' }]);
  expect(returns).toEqual([]);
  await store.close();
});

it('bytes that changed meanwhile, elsewhere than at the piece that failed, are not given', async () => {
  const { tree, store, losses, returns } = await shared();
  const [path, away] = [join(tree, 'b'), join(tree, '../away')];
  await rename(path, away);
  expect(await isLost(store, B)).toBe(true);
  const bytes = Buffer.from(BYTES.b);
  bytes[299]! ^= 1;
  await writeFile(away, bytes);
  await utimes(away, 1e9, 1e9);
  await rename(away, path);
  await store.seekLost();
  expect(returns).toHaveLength(1);
  expect(Buffer.from(await store.read(B, 0, 64))).toEqual(bytes.subarray(0, 64));
  await expect(store.read(B + 4, 0, 8)).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
  // From now on that piece decides.
  await store.seekLost();
  expect(returns).toHaveLength(1);
  expect(losses.map(({ reason }) => reason)).toEqual(['removed', 'changed']);
  await store.close();
});

it('a part of a store loses and regains what the whole does, in its own numbers', async () => {
  const { tree, imported, store, losses, returns } = await shared();
  const { cid, path } = cidAt(imported, 'c');
  const { manifest, firstFile } = subsetAt(imported, cid, path);
  const part = store.subset(manifest, firstFile)!;
  const own: unknown[] = [];
  part.watchLosses((loss) => own.push(loss));
  part.watchReturns((back) => own.push(...back));
  for (const name of ['a', 'c/d']) await rename(join(tree, name), join(tree, `${name}.away`));
  expect(await isLost(store, A)).toBe(true);
  expect(own).toEqual([]);
  await expect(part.read(0, 0, 1)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  expect(own).toEqual([{ first: 0, count: 2, reason: 'removed' }]);
  expect(losses).toMatchObject([{ first: A }, { first: D }]);
  expect([part.have.count, store.have.count]).toEqual([0, 5]);
  // One that is made later knows it.
  expect(store.subset(manifest, firstFile)!.losses).toEqual(own);
  for (const name of ['a', 'c/d']) await rename(join(tree, `${name}.away`), join(tree, name));
  await part.seekLost();
  expect(own[1]).toEqual({ first: 0, count: 2 });
  expect(returns).toMatchObject([{ first: A }, { first: D }]);
  expect(part.have.isFull).toBe(true);
  expect(Buffer.from(await part.read(1, 0, 36))).toEqual(BYTES['c/d'].subarray(64));
  await part.close();
  await rename(join(tree, 'c'), join(tree, 'away'));
  await store.close();
  expect(own).toHaveLength(2);
});

it('a download that was published regains what it lost, too', async () => {
  const { imported, store: source } = await shared();
  const target = join(await tempDir(), 'copy');
  const store = await FileStore.download(imported.manifest, target);
  const { geometry } = imported.manifest;
  for (let piece = 0; piece < geometry.pieceCount; piece++)
    await store.write(piece, [await source.read(piece, 0, geometry.length(piece))]);
  await store.publish();
  // Node.js does not keep the nanoseconds.
  await promisify(execFile)('cp', ['-a', target, `${target}.away`]);
  await rm(target, { recursive: true });
  expect(await isLost(store, B)).toBe(true);
  await rename(`${target}.away`, target);
  await store.seekLost();
  expect(await isLost(store, B)).toBe(false);
  await Promise.all([store.close(), source.close()]);
});

const lost = (first: number) => ({
  loss: { first, count: 1, reason: 'removed' as const },
  piece: first,
});

it('one look is over after 64 files in vain, and the next goes on behind them', async () => {
  const files = new LostFiles();
  for (let file = 0; file < 200; file++) files.set(file, lost(file));
  const seen: number[] = [];
  const vain = async (file: number): Promise<boolean> => {
    seen.push(file);
    return false;
  };
  await files.seek(vain);
  expect(seen).toHaveLength(64);
  for (let look = 0; look < 3; look++) await files.seek(vain);
  expect(new Set(seen).size).toBe(200);
});

it('one look regains all that is back', async () => {
  const files = new LostFiles();
  for (let file = 0; file < 200; file++) files.set(file, lost(file));
  expect(await files.seek(async () => true)).toHaveLength(200);
  expect(files.losses).toEqual([]);
});

it('a file that comes and goes is looked for ever more seldom', async () => {
  const files = new LostFiles();
  const looks: number[] = [];
  for (let time = 0; time < 12; time++) {
    files.set(0, lost(0));
    let count = 1;
    while ((await files.seek(async () => true)).length === 0) count++;
    looks.push(count);
  }
  expect(looks).toEqual([1, 1, 1, 1, 3, 5, 9, 17, 33, 65, 65, 65]);
});
