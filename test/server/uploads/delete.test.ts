import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub, tempRoot } from '../hub.ts';

const remove = (hub: Hub, path: string, headers = {}) =>
  hub.ask(path, { method: 'DELETE', headers });

const everything = async (hub: Hub): Promise<string[]> =>
  (await readdir(hub.root, { recursive: true })).sort();

describe('DELETE /files/<path>', () => {
  it('removes a file, and a directory once it is empty', async () => {
    const hub = await startHub({ writable: true });
    await mkdir(join(hub.root, 'dir'));
    await writeFile(join(hub.root, 'dir/a b'), 'x');
    expect((await remove(hub, '/files/dir/')).status).toBe(409);
    const removed = await remove(hub, '/files/dir/a%20b');
    expect([removed.status, removed.body.length]).toEqual([204, 0]);
    expect(await hub.until('file_deleted')).toMatchObject({ path: 'dir/a b' });
    expect((await hub.ask('/files/dir/a%20b')).status).toBe(404);
    expect((await remove(hub, '/files/dir/a%20b')).status).toBe(404);
    expect((await remove(hub, '/files/dir')).status).toBe(204);
    expect(await everything(hub)).toEqual([]);
  });

  it('removes the version that was named, and no other', async () => {
    const hub = await startHub({ writable: true });
    const file = join(hub.root, 'f');
    await writeFile(file, 'one');
    const { etag } = (await hub.ask('/files/f')).headers;
    await writeFile(file, 'two!');
    const old = new Date(Date.now() - 3_600_000).toUTCString();
    for (const condition of [
      { 'if-match': etag },
      { 'if-none-match': '*' },
      { 'if-unmodified-since': old },
    ]) {
      expect((await remove(hub, '/files/f', condition)).status).toBe(412);
    }
    const { etag: current } = (await hub.ask('/files/f')).headers;
    expect((await remove(hub, '/files/f', { 'if-match': current })).status).toBe(204);
  });

  it('removes a link and not what it leads to', async () => {
    const hub = await startHub({ writable: true });
    await mkdir(join(hub.root, 'dir'));
    await writeFile(join(hub.root, 'file'), 'x');
    await symlink('file', join(hub.root, 'to-file'));
    await symlink('dir', join(hub.root, 'to-dir'));
    expect((await remove(hub, '/files/to-file')).status).toBe(204);
    expect((await remove(hub, '/files/to-dir')).status).toBe(204);
    expect(await everything(hub)).toEqual(['dir', 'file']);
  });

  it.each([
    ['/files/', 403],
    ['/files/none', 404],
    ['/files/none/below', 404],
    ['/files/file/below', 404],
    ['/files/file/', 404],
    ['/files/.hidden', 403],
    ['/files/../file', 400],
    ['/files/out/secret', 403],
    ['/files/to-secret', 403],
    ['/healthz', 405],
  ])('answers %s with %i and removes nothing', async (path, status) => {
    const hub = await startHub({ writable: true });
    const outside = await tempRoot();
    await writeFile(join(outside, 'secret'), 'x');
    await writeFile(join(hub.root, 'file'), 'x');
    await writeFile(join(hub.root, '.hidden'), 'x');
    await symlink(outside, join(hub.root, 'out'));
    await symlink(join(outside, 'secret'), join(hub.root, 'to-secret'));
    const before = await everything(hub);
    expect((await remove(hub, path)).status).toBe(status);
    expect(await everything(hub)).toEqual(before);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('x');
  });

  it('is refused unless it was allowed', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'x');
    expect((await remove(hub, '/files/f')).status).toBe(403);
    expect(await everything(hub)).toEqual(['f']);
  });
});
