import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Geometry } from '../../src/content/geometry.ts';
import type { Manifest } from '../../src/content/manifest.ts';
import { FileStore } from '../../src/disk/file-store.ts';
import { type Imported, importPath } from '../../src/disk/import/import.ts';
import { pieceStoreContract } from '../contract/piece-store.ts';
import { LINUX, NO_ROOT, needs } from '../support/needs.ts';
import { importedFile, importedTree, seededBytes, tempDir, writeTree } from './files.ts';

/** Writes the given pieces from the content. */
async function fill(
  store: FileStore,
  bytes: Buffer,
  pieces: Iterable<number> = Array(store.manifest.geometry.pieceCount).keys(),
): Promise<void> {
  for (const piece of pieces) {
    const start = store.manifest.geometry.offset(piece);
    const end = start + store.manifest.geometry.length(piece);
    expect(await store.write(piece, [bytes.subarray(start, end)])).toBe(true);
  }
}

/** More files than a store keeps open, of one piece each. */
async function importedMany(): Promise<Imported & { bytes: Buffer }> {
  const root = join(await tempDir(), 'many');
  const names = Array.from({ length: 150 }, (_, i) => String(i));
  const text = (name: string): Buffer => Buffer.from(`file ${name}`.padEnd(64));
  await writeTree(root, Object.fromEntries(names.map((name) => [name, text(name)])));
  const imported = await importPath(root);
  const bytes = Buffer.concat(imported.manifest.files.map(({ path }) => text(path)));
  return { ...imported, bytes };
}

const partialOf = (manifest: Manifest, target: string): string =>
  `${target}.${String(manifest.root).slice(-8)}.part`;

describe('FileStore, downloading', () => {
  pieceStoreContract(
    {
      whole: async (manifest, bytes) => {
        const store = await FileStore.download(manifest, join(await tempDir(), 'copy'));
        await fill(store, bytes);
        await store.publish();
        return store;
      },
      empty: async (manifest) => FileStore.download(manifest, join(await tempDir(), 'copy')),
    },
    () => importedTree(),
  );

  it('shows nothing under the final name until it is published', async () => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    const store = await FileStore.download(manifest, target);
    await fill(store, bytes);
    expect(await readdir(dirname(target))).toEqual([basename(partialOf(manifest, target))]);
    expect(await store.publish()).toBe(target);
    expect(await readdir(dirname(target))).toEqual(['copy']);
    expect(await readFile(target)).toEqual(bytes);
    await store.close();
  });

  it('keeps the holes of a sparse file', needs(LINUX), async () => {
    const path = join(await tempDir(), 'sparse');
    await writeFile(path, '');
    await truncate(path, 4 * 2 ** 20);
    await appendFile(path, 'the end');
    const { manifest } = await importPath(path);
    const target = join(await tempDir(), 'copy');
    const store = await FileStore.download(manifest, target);
    await fill(store, await readFile(path));
    await store.publish();
    await store.close();
    expect((await readFile(target)).equals(await readFile(path))).toBe(true);
    expect((await stat(target)).blocks * 512).toBeLessThan(2 ** 20);
  });

  it('makes a directory with all its files, the empty ones and the empty directories', async () => {
    const { manifest, bytes, root } = await importedTree();
    const target = join(await tempDir(), 'copy');
    const store = await FileStore.download(manifest, target);
    await fill(store, bytes);
    await store.publish();
    await store.close();
    const list = async (path: string) => (await readdir(path, { recursive: true })).sort();
    expect(await list(target)).toEqual(await list(root));
    for (const { path } of manifest.files) {
      expect(await readFile(join(target, path))).toEqual(await readFile(join(root, path)));
    }
  });

  it('keeps at most 64 files of a directory open, and reads them all', needs(LINUX), async () => {
    const imported = await importedMany();
    const store = FileStore.share(imported);
    const opened = async () => (await readdir('/proc/self/fd')).length;
    const before = await opened();
    const reads = imported.manifest.files.map((_, piece) => store.read(piece, 0, 6));
    const texts = (await Promise.all(reads)).map((bytes) => Buffer.from(bytes).toString());
    expect(texts.every((text) => text.startsWith('file '))).toBe(true);
    expect((await opened()) - before).toBeLessThanOrEqual(64);
    await store.close();
    expect((await opened()) - before).toBeLessThanOrEqual(0);
  });

  it('publishes an empty file', async () => {
    const { manifest } = await importedFile(0, 64);
    const target = join(await tempDir(), 'copy');
    const store = await FileStore.download(manifest, target);
    expect(store.have.isFull).toBe(true);
    await store.publish();
    await store.close();
    expect((await stat(target)).size).toBe(0);
  });
});

describe('FileStore, resuming', () => {
  it('has the pieces that are on disk, and only those', async () => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    const first = await FileStore.download(manifest, target);
    await fill(first, bytes, [0, 3, 15]);
    await first.close();
    const seen: number[] = [];
    const second = await FileStore.download(manifest, target, {
      onVerified: (hashed) => seen.push(hashed),
    });
    expect([...second.have]).toEqual([0, 3, 15]);
    expect(seen.at(-1)).toBe(1000);
    await fill(second, bytes);
    await second.publish();
    await second.close();
    expect(await readFile(target)).toEqual(bytes);
  });

  it('does not believe a partial whose bytes were damaged', async () => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    const first = await FileStore.download(manifest, target);
    await fill(first, bytes);
    await first.close();
    const damaged = Buffer.from(bytes);
    damaged[130]! ^= 1;
    await writeFile(partialOf(manifest, target), damaged.subarray(0, 990));
    const second = await FileStore.download(manifest, target);
    expect([...second.have]).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    await second.close();
  });

  it('resumes a directory, file by file', async () => {
    const { manifest, bytes } = await importedTree();
    const target = join(await tempDir(), 'copy');
    const first = await FileStore.download(manifest, target);
    await fill(first, bytes, [1, 16, 17]);
    await first.close();
    const second = await FileStore.download(manifest, target);
    expect([...second.have]).toEqual([1, 16, 17]);
    await second.close();
  });

  it('takes a target that is whole already as published', async () => {
    const { manifest, bytes } = await importedTree();
    const target = join(await tempDir(), 'copy');
    const first = await FileStore.download(manifest, target);
    await fill(first, bytes);
    await first.publish();
    await first.close();
    const second = await FileStore.download(manifest, target);
    expect(second.have.isFull).toBe(true);
    expect(await second.publish()).toBe(target);
    expect(Buffer.from(await second.read(0, 0, 64))).toEqual(bytes.subarray(0, 64));
    await second.close();
  });

  it('has exactly what was written well, through any number of restarts', async () => {
    const { manifest, bytes } = await importedTree();
    const { geometry } = manifest;
    const dirs = await tempDir();
    const step = fc.oneof(
      fc.record({ piece: fc.nat(geometry.pieceCount - 1), damaged: fc.boolean() }),
      fc.constant('restart' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const target = join(await mkdtemp(join(dirs, 'run-')), 'copy');
        const model = new Set<number>();
        let store = await FileStore.download(manifest, target);
        for (const next of steps) {
          if (next === 'restart') {
            await store.close();
            store = await FileStore.download(manifest, target);
          } else {
            const start = geometry.offset(next.piece);
            const piece = Buffer.from(bytes.subarray(start, start + geometry.length(next.piece)));
            if (next.damaged) piece[0]! ^= 1;
            else model.add(next.piece);
            expect(await store.write(next.piece, [piece])).toBe(!next.damaged);
          }
          expect([...store.have]).toEqual([...model].sort((a, b) => a - b));
        }
        await store.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('FileStore, at a target that exists', () => {
  it.each([
    ['of another length', (bytes: Buffer) => bytes.subarray(1)],
    ['of the same length', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ])('refuses a file %s, and leaves it alone', async (_, change) => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    const mine = change(bytes);
    await writeFile(target, mine);
    await expect(FileStore.download(manifest, target)).rejects.toMatchObject({
      code: 'ERR_EXISTS',
      message: expect.stringContaining(target),
    });
    expect(await readFile(target)).toEqual(mine);
    expect(await readdir(dirname(target))).toEqual(['copy']);
  });

  it('replaces it at publish, not before, when allowed to', async () => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    await writeFile(target, 'mine');
    const store = await FileStore.download(manifest, target, { overwrite: true });
    await fill(store, bytes);
    expect(await readFile(target, 'utf8')).toBe('mine');
    await store.publish();
    await store.close();
    expect(await readFile(target)).toEqual(bytes);
  });

  it('replaces a directory when allowed to, and leaves nothing of the old one', async () => {
    const { manifest, bytes } = await importedTree();
    const target = join(await tempDir(), 'copy');
    await mkdir(join(target, 'old'), { recursive: true });
    const store = await FileStore.download(manifest, target, { overwrite: true });
    await fill(store, bytes);
    await store.publish();
    await store.close();
    expect((await readdir(target)).sort()).toEqual(['a', 'b', 'c', 'last']);
    expect(await readdir(dirname(target))).toEqual(['copy']);
  });

  it('never replaces a directory by a file', async () => {
    const { manifest } = await importedFile(10, 64);
    const target = join(await tempDir(), 'copy');
    await mkdir(target);
    const download = FileStore.download(manifest, target, { overwrite: true });
    await expect(download).rejects.toMatchObject({ code: 'ERR_EXISTS' });
  });

  it('does not replace what came to be there while it downloaded', async () => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    const store = await FileStore.download(manifest, target);
    await fill(store, bytes);
    await writeFile(target, 'mine');
    await expect(store.publish()).rejects.toMatchObject({ code: 'ERR_EXISTS' });
    await store.close();
    expect(await readFile(target, 'utf8')).toBe('mine');
  });

  it.each([
    ['file', () => importedFile(1000, 64)],
    ['directory', () => importedTree()],
    ['directory of more files than stay open', () => importedMany()],
  ])('lets two processes download the same %s to it', async (_, content) => {
    const { manifest, bytes } = await content();
    const target = join(await tempDir(), 'copy');
    const first = await FileStore.download(manifest, target);
    const second = await FileStore.download(manifest, target);
    await fill(first, bytes);
    await first.publish();
    await fill(second, bytes);
    expect(await second.publish()).toBe(target);
    expect(Buffer.from(await second.read(0, 0, 64))).toEqual(bytes.subarray(0, 64));
    await first.close();
    await second.close();
    expect(await readdir(dirname(target))).toEqual(['copy']);
    const [file] = manifest.files;
    expect((await readFile(join(target, file!.path))).length).toBe(file!.length);
  });

  it('does not write through a symbolic link in the partial’s place', async () => {
    const { manifest } = await importedFile(1000, 64);
    const dir = await tempDir();
    await writeFile(join(dir, 'victim'), 'mine');
    await symlink('victim', partialOf(manifest, join(dir, 'copy')));
    await expect(FileStore.download(manifest, join(dir, 'copy'))).rejects.toMatchObject({
      code: 'ERR_NOT_PERMITTED',
      message: expect.stringContaining('symbolic link'),
    });
    expect(await readFile(join(dir, 'victim'), 'utf8')).toBe('mine');
  });

  it('does not write through a hard link in the partial’s place', async () => {
    for (const make of [() => importedFile(1000, 64), importedTree]) {
      const { manifest } = await make();
      const dir = await tempDir();
      const victim = join(dir, 'victim');
      await writeFile(victim, 'mine');
      const partial = partialOf(manifest, join(dir, 'copy'));
      const place = join(partial, manifest.files.at(-1)!.path);
      await mkdir(dirname(place), { recursive: true });
      await link(victim, place);
      const store = await FileStore.download(manifest, join(dir, 'copy'));
      expect(await readFile(victim, 'utf8')).toBe('mine');
      expect((await stat(place)).size).toBe(manifest.files.at(-1)!.length);
      await store.close();
    }
  });

  it('does not mix two directories of which one leads to the other', async () => {
    const tree = await tempDir();
    await writeTree(tree, { 'a/f': Buffer.from('one'), 'b/f': Buffer.from('two') });
    const { manifest } = await importPath(tree);
    const target = join(await tempDir(), 'copy');
    // Two ways to one file stand in for a disk that ignores case.
    const partial = partialOf(manifest, target);
    await mkdir(join(partial, 'a'), { recursive: true });
    await symlink('a', join(partial, 'b'));
    await expect(FileStore.download(manifest, target)).rejects.toMatchObject({
      code: 'ERR_NOT_PERMITTED',
      message: expect.stringContaining('b: is a symbolic link'),
    });
  });

  it('knows at once that the disk is too small', async () => {
    const { manifest } = await importedFile(0, 64);
    const leaves = 2 ** 20;
    const huge = new Geometry(new Float64Array(leaves).fill(2 ** 21));
    const { bavail, bsize } = await statfs(tmpdir());
    // On a disk of over 2 TiB free there is nothing to see.
    if (bavail * bsize > huge.totalLength) return;
    const target = join(await tempDir(), 'copy');
    const download = FileStore.download({ ...manifest, geometry: huge }, target);
    await expect(download).rejects.toMatchObject({ code: 'ERR_DISK_FULL' });
    expect(await readdir(dirname(target))).toEqual([]);
  });

  it('says that the parent directory is missing', async () => {
    const { manifest } = await importedFile(10, 64);
    const parent = join(await tempDir(), 'missing');
    await expect(FileStore.download(manifest, join(parent, 'copy'))).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: `${parent}: no such file or directory`,
    });
  });

  it('says that the directory may not be written', needs(NO_ROOT), async () => {
    const { manifest } = await importedFile(10, 64);
    const parent = await tempDir();
    await chmod(parent, 0o500);
    await expect(FileStore.download(manifest, join(parent, 'copy'))).rejects.toMatchObject({
      code: 'ERR_NOT_PERMITTED',
    });
  });
});

describe('FileStore, sharing', () => {
  it('reads the file where it is', async () => {
    const imported = await importedFile(1000, 64);
    const store = FileStore.share(imported);
    expect(Buffer.from(await store.read(15, 8, 32))).toEqual(imported.bytes.subarray(968, 1000));
    expect(await readdir(dirname(imported.path))).toEqual(['file']);
    await store.close();
  });

  const changes: [string, (path: string) => Promise<void>, string][] = [
    ['grew', (path) => appendFile(path, 'more'), 'ERR_SOURCE_CHANGED'],
    ['was rewritten', (path) => writeFile(path, seededBytes(1000, 9)), 'ERR_SOURCE_CHANGED'],
    ['was touched', (path) => utimes(path, 1, 1), 'ERR_SOURCE_CHANGED'],
    ['was removed', (path) => rm(path), 'ERR_NOT_FOUND'],
    ['was renamed away', (path) => rename(path, `${path}.old`), 'ERR_NOT_FOUND'],
  ];
  it.each(changes)('gives no bytes of a file that %s since', async (_, change, code) => {
    const imported = await importedFile(1000, 64);
    const store = FileStore.share(imported);
    await change(imported.path);
    await expect(store.read(0, 0, 64)).rejects.toMatchObject({ code });
    await store.close();
  });

  it.each(changes.slice(0, 4))('nor when it %s while open', async (_, change, code) => {
    const imported = await importedFile(1000, 64);
    const store = FileStore.share(imported);
    await store.read(0, 0, 64);
    await change(imported.path);
    await expect(store.read(0, 0, 64)).rejects.toMatchObject({ code });
    await store.close();
  });

  it('finds bytes that changed although the time was put back, file by file', async () => {
    const tree = await tempDir();
    const [a, b] = [seededBytes(200, 1), seededBytes(200, 2)];
    await writeTree(tree, { a, b });
    // Node.js sets whole milliseconds.
    await utimes(join(tree, 'a'), new Date(1e12), new Date(1e12));
    const store = FileStore.share(await importPath(tree, { pieceLength: 64 }));
    const losses: unknown[] = [];
    store.watchLosses((loss) => losses.push(loss));
    const path = join(tree, 'a');
    const { atime, mtime } = await stat(path);
    const handle = await open(path, 'r+');
    await handle.write(Buffer.alloc(64), 0, 64, 64);
    await handle.utimes(atime, mtime);
    await handle.close();
    // A piece that is what it was is given.
    expect(Buffer.from(await store.read(0, 0, 64))).toEqual(a.subarray(0, 64));
    for (const [begin, length] of [
      [0, 64],
      [8, 8],
    ] as const)
      await expect(store.read(1, begin, length)).rejects.toMatchObject({
        code: 'ERR_SOURCE_CHANGED',
      });
    expect(losses).toMatchObject([{ first: 0, count: 4, reason: 'changed' }]);
    expect(Buffer.from(await store.read(4, 0, 64))).toEqual(b.subarray(0, 64));
    await store.close();
  });

  it('goes on after a new mode or owner, or a second name', async () => {
    const imported = await importedFile(1000, 64);
    const store = FileStore.share(imported);
    await chmod(imported.path, 0o640);
    await link(imported.path, `${imported.path}.too`);
    const bytes = Buffer.from(await store.read(3, 8, 16));
    expect(bytes).toEqual(imported.bytes.subarray(200, 216));
    await store.close();
  });

  it('says that a file was replaced by a pipe', needs(LINUX), async () => {
    const imported = await importedFile(1000, 64);
    const store = FileStore.share(imported);
    const losses: unknown[] = [];
    store.watchLosses((loss) => losses.push(loss));
    await rm(imported.path);
    await promisify(execFile)('mkfifo', [imported.path]);
    await expect(store.read(0, 0, 64)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(losses).toMatchObject([{ reason: 'removed' }]);
    await store.close();
  });

  it('watches over a download that it published, too', async () => {
    const { manifest, bytes } = await importedFile(1000, 64);
    const target = join(await tempDir(), 'copy');
    const store = await FileStore.download(manifest, target);
    await fill(store, bytes);
    await store.publish();
    await writeFile(target, seededBytes(1000, 9));
    await expect(store.read(0, 0, 64)).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
    await store.close();
  });
});
