// Whoever may write to the disk swaps a directory for a link that leads outside, at the
// moment between the check and the step that goes by it.
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Directory } from '../../../src/server/root/directory.ts';
import { DirectoryNames } from '../../../src/server/root/directory-names.ts';
import { ServedRoot } from '../../../src/server/root/served-root.ts';
import { LINUX, needs } from '../../support/needs.ts';
import { startHub, tempRoot } from '../hub.ts';

/** A root with `d`, and what puts a link to a directory outside in its place. */
async function swappable() {
  const [path, outside] = [await tempRoot(), await tempRoot()];
  await mkdir(join(path, 'd'));
  await writeFile(join(path, 'd/plain'), 'plain');
  await writeFile(join(outside, 'secret'), 'secret');
  const swap = async (): Promise<void> => {
    await rename(join(path, 'd'), join(path, 'aside'));
    await symlink(outside, join(path, 'd'));
  };
  return { root: await ServedRoot.at(path), path, outside, swap };
}

describe('a directory swapped for a link', needs(LINUX), () => {
  it('has nothing made where the link leads', async () => {
    const { root, path, outside, swap } = await swappable();
    const swapping = {
      open: async (segments: readonly string[]) => {
        const opened = await root.open(segments);
        if (segments.join('/') === 'd') await swap();
        return opened;
      },
    } as ServedRoot;
    await expect(Directory.make(swapping, ['d', 'new', 'deep'], ['f'])).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    });
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readdir(join(path, 'aside'))).toEqual(['new', 'plain']);
  });

  it('is listed as the one that was opened', async () => {
    const { root, swap } = await swappable();
    const names = await root.withOpen(['d'], async (opened) => {
      await swap();
      return new DirectoryNames().of(opened);
    });
    expect(names.files).toEqual(['plain']);
  });
});

describe('the directories of an upload', () => {
  it('are made when they are missing, also beyond a link that stays inside', async () => {
    const hub = await startHub({ writable: true });
    await mkdir(join(hub.root, 'd'));
    await symlink('d', join(hub.root, 'link'));
    const body = Buffer.from('x');
    const put = (path: string) => hub.ask(path, { method: 'PUT', body });
    expect((await put('/files/link/a/b/f')).status).toBe(201);
    expect((await put('/files/d/a/b/g')).status).toBe(201);
    expect(await readdir(join(hub.root, 'd/a/b'))).toEqual(['f', 'g']);
  });

  it('are refused where a file, or a link that leads outside, is on the way', async () => {
    const hub = await startHub({ writable: true });
    const outside = await tempRoot();
    await writeFile(join(hub.root, 'f'), 'x');
    await symlink(outside, join(hub.root, 'out'));
    const body = Buffer.from('x');
    const put = (path: string) => hub.ask(path, { method: 'PUT', body });
    expect((await put('/files/f/x')).status).toBe(409);
    expect((await put('/files/f/a/b/x')).status).toBe(409);
    expect((await put('/files/out/x')).status).toBe(403);
    expect((await put('/files/out/a/b/x')).status).toBe(403);
    expect(await readdir(outside)).toEqual([]);
  });
});
