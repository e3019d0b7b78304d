// PATCH of a file or directory without a body: its time of last change, and whether it can be run.
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub, tempRoot } from '../hub.ts';

const WHEN = '1999-09-09T09:09:09.250Z';
const AT = { 'x-oc-mtime': String(Date.parse(WHEN) / 1000) };

async function start(writable = true) {
  const root = await tempRoot();
  await mkdir(join(root, 'dir'));
  await writeFile(join(root, 'dir', 'file'), 'bytes');
  await writeFile(join(root, '.hidden'), 'x');
  await symlink('/tmp', join(root, 'out'));
  const hub = await startHub({ root, writable });
  const patch = (path: string, headers: Record<string, string> = AT, body?: string) =>
    fetch(`${hub.running.url}files/${path}`, {
      method: 'PATCH',
      headers,
      ...(body === undefined ? {} : { body }),
    });
  const facts = async (path: string) => {
    const { mtime, mode } = await stat(join(root, path));
    return [mtime.toISOString(), (mode & 0o7777).toString(8)];
  };
  return { root, hub, patch, facts };
}

describe('PATCH without a body', () => {
  it('sets the time and the executable bit of a file, and leaves its bytes', async () => {
    const { root, hub, patch, facts } = await start();
    const before = await hub.ask('/files/dir/file');
    const answer = await patch('dir/file', { ...AT, 'x-hubswarm-executable': '?1' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('x-oc-mtime')).toBe('accepted');
    expect(answer.headers.get('etag')).toBe(before.headers.etag);
    expect(await facts('dir/file')).toEqual([WHEN, '755']);
    expect(await readFile(join(root, 'dir/file'), 'utf8')).toBe('bytes');
    expect((await patch('dir/file', { 'x-hubswarm-executable': '?0' })).status).toBe(204);
    expect(await facts('dir/file')).toEqual([WHEN, '644']);
    const after = await hub.ask('/files/dir/file');
    expect(after).toMatchObject({ status: 200, text: 'bytes' });
    expect(after.headers.etag).toBe(before.headers.etag);
    expect(after.headers['last-modified']).toBe('Thu, 09 Sep 1999 09:09:09 GMT');
  });

  it.each(['dir/', 'dir', ''])(
    'sets the time of the directory %j, and never its mode',
    async (path) => {
      const { patch, facts } = await start();
      const [, mode] = await facts(path);
      const answer = await patch(path, { ...AT, 'x-hubswarm-executable': '?0' });
      expect(answer.status).toBe(204);
      expect(await facts(path)).toEqual([WHEN, mode]);
    },
  );

  it('holds to conditions', async () => {
    const { hub, patch, facts } = await start();
    const { etag } = (await hub.ask('/files/dir/file')).headers;
    const [before] = await facts('dir/file');
    expect((await patch('dir/file', { ...AT, 'if-match': '"other"' })).status).toBe(412);
    expect((await patch('dir/file', { ...AT, 'if-none-match': '*' })).status).toBe(412);
    expect((await facts('dir/file'))[0]).toBe(before);
    expect((await patch('dir/file', { ...AT, 'if-match': etag! })).status).toBe(204);
    expect((await facts('dir/file'))[0]).toBe(WHEN);
  });

  it.each([
    ['none', 404],
    ['dir/file/', 404],
    ['.hidden', 403],
    ['out', 403],
    ['a%2Fb', 400],
  ])('refuses %j with %i', async (path, status) => {
    const { patch } = await start();
    expect((await patch(path)).status).toBe(status);
  });

  it('takes no body, and no attributes that are none', async () => {
    const { patch, facts } = await start();
    const [before] = await facts('dir/file');
    expect((await patch('dir/file', AT, 'x')).status).toBe(415);
    for (const odd of ['NaN', '-99999999999', '99999999999999', '1e9', 'soon'])
      expect((await patch('dir/file', { 'x-oc-mtime': odd })).status).toBe(400);
    expect((await facts('dir/file'))[0]).toBe(before);
  });

  it('is refused where nothing may be written', async () => {
    const { root, patch, facts } = await start(false);
    await chmod(join(root, 'dir/file'), 0o640);
    const before = await facts('dir/file');
    expect((await patch('dir/file')).status).toBe(403);
    expect(await facts('dir/file')).toEqual(before);
  });
});
