// What others put into a partial directory, or users into a tree that is replaced: nothing outside
// is written to, nothing of theirs is published or lost.
import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileStore } from '../../src/disk/file-store.ts';
import { type Imported, importPath } from '../../src/disk/import/import.ts';
import { partialOf } from '../../src/disk/place/partial-name.ts';
import { NO_ROOT, needs, ROOT } from '../support/needs.ts';
import { tempDir } from './files.ts';

/** Files k and s/b in a directory, and where they are to go. */
async function setUp() {
  const from = join(await tempDir(), 'tree');
  await mkdir(join(from, 's'), { recursive: true });
  await writeFile(join(from, 'k'), 'evil');
  await writeFile(join(from, 's/b'), 'evil, too');
  const imported = await importPath(from, { pieceLength: 1024 });
  const dir = await tempDir();
  const victim = join(dir, 'victim');
  await mkdir(victim);
  await writeFile(join(victim, 'k'), 'mine');
  await writeFile(join(victim, 'b'), 'mine');
  const target = join(dir, 'copy');
  const partial = partialOf(imported.manifest.root, target);
  return { imported, manifest: imported.manifest, dir, victim, target, partial };
}

async function fill(store: FileStore, imported: Imported): Promise<void> {
  const from = FileStore.share(imported);
  const { geometry } = store.manifest;
  try {
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (store.have.has(piece)) continue;
      await store.write(piece, [await from.read(piece, 0, geometry.length(piece))]);
    }
  } finally {
    await from.close();
  }
}

async function isUntouched(victim: string): Promise<void> {
  expect((await readdir(victim)).sort()).toEqual(['b', 'k']);
  for (const name of ['b', 'k']) expect(await readFile(join(victim, name), 'utf8')).toBe('mine');
}

describe('a partial directory', () => {
  it('that is a link is refused, and nothing is written through it', async () => {
    const { manifest, victim, target, partial } = await setUp();
    await symlink(victim, partial);
    await expect(FileStore.download(manifest, target)).rejects.toMatchObject({
      code: 'ERR_NOT_PERMITTED',
      message: expect.stringContaining(`${partial}: is a symbolic link`),
    });
    await isUntouched(victim);
  });

  it('with a link in a directory’s place is refused, at first and on resume', async () => {
    const { imported, manifest, victim, target, partial } = await setUp();
    const refused = expect.objectContaining({
      code: 'ERR_NOT_PERMITTED',
      message: expect.stringContaining(`${partial}/s: is a symbolic link`),
    });
    await mkdir(partial);
    await symlink(victim, join(partial, 's'));
    await expect(FileStore.download(manifest, target)).rejects.toEqual(refused);
    await rm(join(partial, 's'));
    const store = await FileStore.download(manifest, target);
    await fill(store, imported);
    await store.close();
    await rm(join(partial, 's'), { recursive: true });
    await symlink(victim, join(partial, 's'));
    await expect(FileStore.download(manifest, target)).rejects.toEqual(refused);
    await isUntouched(victim);
  });

  it.each([
    ['before it is written to', false],
    ['after it was written to', true],
  ])('of which a directory is swapped for a link %s is not published', async (_, isLate) => {
    const { imported, manifest, dir, victim, target, partial } = await setUp();
    const store = await FileStore.download(manifest, target);
    const swap = async (): Promise<void> => {
      await rename(join(partial, 's'), join(dir, 'gone'));
      await symlink(victim, join(partial, 's'));
    };
    if (!isLate) await swap();
    const filled = fill(store, imported);
    if (isLate) {
      await filled;
      await swap();
      await expect(store.publish()).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    } else await expect(filled).rejects.toMatchObject({ code: 'ERR_NOT_PERMITTED' });
    await store.close();
    await isUntouched(victim);
    expect(await readdir(dir)).not.toContain('copy');
  });

  it('of which a file is swapped for one of somebody else is not published', async () => {
    for (const plant of [link, symlink]) {
      for (const isLate of [false, true]) {
        const { imported, manifest, victim, target, partial } = await setUp();
        const store = await FileStore.download(manifest, target);
        if (isLate) await fill(store, imported);
        await rm(join(partial, 'k'), { force: true });
        await plant(join(victim, 'k'), join(partial, 'k'));
        const refused = isLate ? store.publish() : fill(store, imported);
        await expect(refused).rejects.toThrow(`${partial}/k`);
        await store.close();
        await isUntouched(victim);
      }
    }
  });

  it.each(['a file of another user', 'a pipe'])(
    'with %s where one of its files is to be made is left alone',
    needs(ROOT),
    async (what) => {
      const { imported, manifest, dir, target, partial } = await setUp();
      const store = await FileStore.download(manifest, target);
      if (what === 'a pipe') execFileSync('mkfifo', [join(partial, 's/b')]);
      else {
        await writeFile(join(partial, 's/b'), 'theirs');
        await chown(join(partial, 's/b'), 12_345, 12_345);
      }
      await expect(fill(store, imported)).rejects.toMatchObject({
        code: 'ERR_EXISTS',
        message: `${partial}/s/b: is not part of the download; move it away`,
      });
      await store.close();
      expect(await readdir(dir)).not.toContain('copy');
    },
  );

  it('whose files another process makes and writes meanwhile is completed by both', async () => {
    const { imported, manifest, target } = await setUp();
    const first = await FileStore.download(manifest, target);
    const second = await FileStore.download(manifest, target);
    await fill(second, imported);
    await fill(first, imported);
    expect(await second.publish()).toBe(target);
    expect(await first.publish()).toBe(target);
    await first.close();
    await second.close();
    expect(await readFile(join(target, 's/b'), 'utf8')).toBe('evil, too');
  });

  it('that another process publishes before a file of it was made is completed by both', async () => {
    const { imported, manifest, target } = await setUp();
    const first = await FileStore.download(manifest, target);
    const second = await FileStore.download(manifest, target);
    await fill(second, imported);
    await second.publish();
    await fill(first, imported);
    expect(await first.publish()).toBe(target);
    await first.close();
    await second.close();
    expect(await readFile(join(target, 'k'), 'utf8')).toBe('evil');
  });

  it.each(['file', 'directory', 'link'])(
    'that holds one more %s is not published',
    async (kind) => {
      const { imported, manifest, dir, target, partial } = await setUp();
      const plant = (path: string): Promise<unknown> => {
        if (kind === 'file') return writeFile(path, 'extra');
        return kind === 'link' ? symlink('/', path) : mkdir(path);
      };
      const refused = expect.objectContaining({
        code: 'ERR_EXISTS',
        message: `${partial}/s/extra: is not part of the download; move it away`,
      });
      await mkdir(join(partial, 's'), { recursive: true });
      await plant(join(partial, 's/extra'));
      await expect(FileStore.download(manifest, target)).rejects.toEqual(refused);
      await rename(join(partial, 's/extra'), join(dir, 'moved'));
      const store = await FileStore.download(manifest, target);
      await fill(store, imported);
      await plant(join(partial, 's/extra'));
      await expect(store.publish()).rejects.toEqual(refused);
      await store.close();
      expect(await readdir(dir)).not.toContain('copy');
    },
  );

  it('that somebody took away does not turn its writes to what it was to replace', async () => {
    const { imported, manifest, target, partial } = await setUp();
    await mkdir(join(target, 's'), { recursive: true });
    await writeFile(join(target, 'k'), 'mine');
    await writeFile(join(target, 's/b'), 'mine');
    const store = await FileStore.download(manifest, target, { overwrite: true });
    await rm(partial, { recursive: true });
    await expect(fill(store, imported)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await store.close();
    expect(await readFile(join(target, 'k'), 'utf8')).toBe('mine');
  });
});

describe('a partial file', () => {
  it('that is swapped for a link is neither written through nor published', async () => {
    const { imported, dir, victim } = await setUp();
    const single = await importPath(join(dirname(imported.sources[0]!.path), 'k'), {
      pieceLength: 1024,
    });
    for (const isLate of [false, true]) {
      const target = join(dir, `single ${isLate}`);
      const partial = partialOf(single.manifest.root, target);
      const store = await FileStore.download(single.manifest, target);
      if (isLate) await fill(store, single);
      await rm(partial);
      await symlink(join(victim, 'k'), partial);
      await expect(isLate ? store.publish() : fill(store, single)).rejects.toThrow(partial);
      await store.close();
      expect(await readdir(dir)).not.toContain(basename(target));
    }
    await isUntouched(victim);
  });
});

describe('a tree at the target', () => {
  it('with the user’s own files is not whole; replaced, they are put aside, and that is told', async () => {
    const { imported, manifest, dir, target, partial } = await setUp();
    const first = await FileStore.download(manifest, target);
    await fill(first, imported);
    await first.publish();
    await first.close();
    await mkdir(join(target, 's/own'));
    await writeFile(join(target, 's/own/note'), 'mine');
    await writeFile(join(target, 'mine'), 'mine');
    await expect(FileStore.download(manifest, target)).rejects.toMatchObject({
      code: 'ERR_EXISTS',
      message: expect.stringContaining('--force'),
    });
    for (const old of [`${partial}.old`, `${partial}.002`]) {
      const told: string[] = [];
      const store = await FileStore.download(manifest, target, {
        overwrite: true,
        onPutAside: (path) => told.push(path),
      });
      await fill(store, imported);
      await store.publish();
      await store.close();
      expect((await readdir(target, { recursive: true })).sort()).toEqual(['k', 's', 's/b']);
      expect(told).toEqual([old]);
      const kept = (await readdir(old, { recursive: true })).sort();
      expect(kept).toEqual(['mine', 's', 's/own', 's/own/note']);
      await writeFile(join(target, 'mine'), 'mine');
      await mkdir(join(target, 's/own'));
      await writeFile(join(target, 's/own/note'), 'mine');
    }
    expect((await readdir(dir)).length).toBe(4);
  });

  it('that leads elsewhere is not cleared there', async () => {
    const { imported, manifest, victim, target, partial } = await setUp();
    await mkdir(target);
    await writeFile(join(target, 'k'), 'old');
    await symlink(victim, join(target, 's'));
    const told: string[] = [];
    const store = await FileStore.download(manifest, target, {
      overwrite: true,
      onPutAside: (path) => told.push(path),
    });
    await fill(store, imported);
    await store.publish();
    await store.close();
    await isUntouched(victim);
    expect(told).toEqual([`${partial}.old`]);
    expect(await readdir(`${partial}.old`)).toEqual(['s']);
  });

  it('with read-only directories is replaced, each time', needs(NO_ROOT), async () => {
    const { imported, manifest, dir, target } = await setUp();
    for (const content of ['one', 'two']) {
      await mkdir(join(target, 's'), { recursive: true });
      await rm(join(target, 's/b'), { force: true });
      await writeFile(join(target, 's/b'), content);
      await chmod(join(target, 's'), 0o555);
      const store = await FileStore.download(manifest, target, { overwrite: true });
      await fill(store, imported);
      await store.publish();
      await store.close();
      expect((await readdir(dir)).sort()).toEqual(['copy', 'victim']);
    }
  });
});
