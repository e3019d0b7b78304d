// How many calls of a file system go to other threads while many small files are received or shared.
import { createHook } from 'node:async_hooks';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileStore } from '../../src/disk/file-store.ts';
import { type Imported, importPath } from '../../src/disk/import/import.ts';
import { LINUX, needs } from '../support/needs.ts';
import { tempDir } from './files.ts';

const FILES = 1000;
const bytesOf = (index: number): Buffer => Buffer.from(`bytes of file ${index}`);

async function importMany(): Promise<Imported> {
  const tree = join(await tempDir(), 'tree');
  await mkdir(tree);
  for (let i = 0; i < FILES; i++) await writeFile(join(tree, `f${i}`), bytesOf(i));
  return importPath(tree);
}

/** Calls that Node.js hands to other threads meanwhile, for each file. */
async function threadedCalls(work: () => Promise<void>): Promise<number> {
  let calls = 0;
  const hook = createHook({
    init(_id, type) {
      if (type.startsWith('FSREQ')) calls += 1;
    },
  });
  hook.enable();
  await work().finally(() => hook.disable());
  return calls / FILES;
}

// By threads alone it was 14. A disk that is slow for a moment sends some there.
it('receive them with few calls in other threads', needs(LINUX), async () => {
  const { manifest } = await importMany();
  const target = join(await tempDir(), 'copy');
  const calls = await threadedCalls(async () => {
    const store = await FileStore.download(manifest, target);
    for (const [piece, { path }] of manifest.files.entries()) {
      expect(await store.write(piece, [bytesOf(Number(path.slice(1)))])).toBe(true);
    }
    expect(await store.publish()).toBe(target);
    await store.close();
  });
  expect((await readdir(target)).length).toBe(FILES);
  expect(calls).toBeLessThan(6);
});

it('share them with one call in another thread for each', needs(LINUX), async () => {
  const imported = await importMany();
  const store = FileStore.share(imported);
  const { geometry, files } = imported.manifest;
  const calls = await threadedCalls(async () => {
    for (const [piece, { path }] of files.entries()) {
      const bytes = await store.read(piece, 0, geometry.length(piece));
      expect(Buffer.from(bytes)).toEqual(bytesOf(Number(path.slice(1))));
    }
  });
  await store.close();
  expect(calls).toBeLessThan(2);
});
