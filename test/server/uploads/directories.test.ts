import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub, tempRoot } from '../hub.ts';

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
