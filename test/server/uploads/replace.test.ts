// A file takes the name of a directory, and a directory that of a file, in one step.
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { contents, write } from '../../client/tree/trees.ts';
import { keyFile, makeToken } from '../access/keys.ts';
import { type Hub, startHub } from '../hub.ts';

let hub: Hub;
beforeEach(async () => {
  hub = await startHub({ writable: true });
});

const change =
  (method: string, wish: string | undefined, headers = {}) =>
  (path: string) =>
    hub.ask(path, {
      method,
      headers: { ...(wish ? { 'x-hubswarm-replace': wish } : {}), ...headers },
      ...(method === 'PUT' ? { body: Buffer.from('new') } : {}),
    });

const leftAside = async (): Promise<string[]> => {
  const home = join(hub.root, '.hubswarm/handovers');
  return existsSync(home) ? readdir(home) : [];
};

const deleted = () =>
  hub.events.flatMap((e) => (e.event === 'file_deleted' ? [e.path] : [])).sort();

describe('a directory', () => {
  it.each([
    ['empty', undefined, 409],
    ['empty', 'empty', 204],
    ['empty', 'tree', 204],
    ['full', undefined, 409],
    ['full', 'empty', 412],
    ['full', 'tree', 204],
  ] as const)('that is %s, asked to give way by %s: %i', async (kind, wish, status) => {
    await mkdir(join(hub.root, 'd/sub'), { recursive: true });
    if (kind === 'full') await write(hub.root, { 'd/a': '1', 'd/sub/b': '22' });
    const [path, place] = kind === 'empty' ? ['/files/d/sub', 'd/sub'] : ['/files/d', 'd'];
    const before = await contents(hub.root);
    expect((await change('PUT', wish)(path)).status).toBe(status);
    if (status === 204) expect(await readFile(join(hub.root, place), 'utf8')).toBe('new');
    else expect(await contents(hub.root)).toEqual(before);
    expect(await leftAside()).toEqual([]);
    expect(deleted()).toEqual(status === 204 && kind === 'full' ? ['d/a', 'd/sub/b'] : []);
  });

  it.each(['.hidden', 'sub/.git/config', 'back\\slash'])('stays when it holds %j', async (name) => {
    await write(hub.root, { 'd/a': '1', [`d/${name}`]: 'mine' });
    expect((await change('PUT', 'tree')('/files/d')).status).toBe(412);
    expect(await readFile(join(hub.root, 'd', name), 'utf8')).toBe('mine');
  });

  it.each([
    ['out of the root', '/etc/hostname'],
    ['to nothing', 'nowhere'],
    ['to a hidden name', '../.secret'],
    ['to a device', '/dev/null'],
  ])('stays when it holds a link %s', async (_what, target) => {
    await write(hub.root, { 'd/sub/a': '1', '.secret': 'x' });
    await symlink(target, join(hub.root, 'd/sub/link'));
    expect((await change('PUT', 'tree')('/files/d')).status).toBe(412);
    expect(await readlink(join(hub.root, 'd/sub/link'))).toBe(target);
    expect(await readFile(join(hub.root, 'd/sub/a'), 'utf8')).toBe('1');
  });

  it('goes with a link that leads to what may be removed', async () => {
    await write(hub.root, { 'd/a': '1', e: 'x' });
    await symlink('../e', join(hub.root, 'd/link'));
    expect((await change('PUT', 'tree')('/files/d')).status).toBe(204);
    expect(await contents(hub.root)).toEqual({ d: 'new', e: 'x' });
  });

  it.each(['empty', 'tree'])('goes by %s with what a dead hub left of an upload', async (wish) => {
    const partial = join(hub.root, 'd/.f.0123456789abcdef.part');
    await write(hub.root, { 'd/.f.0123456789abcdef.part': 'half' });
    const writer = await open(partial, 'r+');
    expect((await change('PUT', wish)('/files/d')).status).toBe(412);
    await writer.close();
    expect((await change('PUT', wish)('/files/d')).status).toBe(204);
    expect(await contents(hub.root)).toEqual({ d: 'new' });
    expect(deleted()).toEqual([]);
  });

  it('is a link: the link alone gives way', async () => {
    await write(hub.root, { 'real/a': '1' });
    await symlink('real', join(hub.root, 'd'));
    expect((await change('PUT', 'empty')('/files/d')).status).toBe(204);
    expect(await contents(hub.root)).toEqual({ d: 'new', real: '/', 'real/a': '1' });
  });

  it('stays on a condition that does not hold', async () => {
    await write(hub.root, { 'd/a': '1' });
    const asked = change('PUT', 'tree', { 'if-none-match': '*' });
    expect((await asked('/files/d')).status).toBe(412);
    expect(await contents(hub.root)).toEqual({ d: '/', 'd/a': '1' });
  });

  it('stays when the bytes are others than the digest says', async () => {
    await write(hub.root, { 'd/a': '1' });
    const headers = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` };
    expect((await change('PUT', 'tree', headers)('/files/d')).status).toBe(422);
    expect(await contents(hub.root)).toEqual({ d: '/', 'd/a': '1' });
    expect(await leftAside()).toEqual([]);
  });
});

describe('a file on the way', () => {
  it.each([undefined, 'empty', 'tree'])('asked to give way by %s', async (wish) => {
    await write(hub.root, { a: 'old', other: 'x' });
    const { status } = await change('PUT', wish)('/files/a/b/c');
    expect(status).toBe(wish ? 201 : 409);
    expect(await contents(hub.root)).toEqual(
      wish ? { a: '/', 'a/b': '/', 'a/b/c': 'new', other: 'x' } : { a: 'old', other: 'x' },
    );
    expect(await leftAside()).toEqual([]);
    expect(deleted()).toEqual(wish ? ['a'] : []);
    if (wish) expect((await hub.ask('/files/a/b/c')).text).toBe('new');
  });

  it('is a link: it gives way, and its target stays', async () => {
    await write(hub.root, { real: 'old' });
    await symlink('real', join(hub.root, 'a'));
    expect((await change('PUT', 'empty')('/files/a/b')).status).toBe(201);
    expect(await contents(hub.root)).toEqual({ a: '/', 'a/b': 'new', real: 'old' });
  });

  it('stays when the bytes are others than the digest says', async () => {
    await write(hub.root, { a: 'old' });
    const headers = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` };
    expect((await change('PUT', 'tree', headers)('/files/a/b')).status).toBe(422);
    expect(await contents(hub.root)).toEqual({ a: 'old' });
    expect(await leftAside()).toEqual([]);
  });

  it('gives way once: nothing that came into its directory is lost', async () => {
    await write(hub.root, { a: 'old' });
    const names = ['1', '2', '3', '4'];
    const answers = await Promise.all(
      names.map((name) => change('PUT', 'tree')(`/files/a/${name}`)),
    );
    const stored = names.filter((_, index) => answers[index]!.status === 201);
    expect(stored.length).toBeGreaterThan(0);
    expect((await readdir(join(hub.root, 'a'))).sort()).toEqual(stored);
    for (const { status } of answers) expect([201, 503]).toContain(status);
  });
});

describe('MKCOL', () => {
  it.each([
    ['a', undefined, 405],
    ['a', 'empty', 201],
    ['link', 'empty', 201],
    ['d', 'empty', 405],
    ['d', 'tree', 405],
  ])('of %s, by %s: %i', async (name, wish, status) => {
    await write(hub.root, { a: 'old', 'd/x': '1' });
    await symlink('d', join(hub.root, 'link'));
    expect((await change('MKCOL', wish)(`/files/${name}/`)).status).toBe(status);
    expect(await contents(hub.root)).toMatchObject({
      'd/x': '1',
      [name]: status === 201 || name === 'd' ? '/' : 'old',
    });
  });
});

it('a token takes no link away that leads out of its path', async () => {
  const own = await keyFile();
  const access = { tokenKeyFiles: [own.file] };
  hub = await startHub({ writable: true, access });
  const scopes = ['read', 'write', 'delete'] as const;
  const token = await makeToken(own, { scopes, paths: ['mine'] });
  const asked = change('PUT', 'tree', { authorization: `Bearer ${token}` });
  await write(hub.root, { 'mine/d/a': '1', 'mine/e': 'x', 'theirs/f': 'secret' });
  const [link, inner] = [join(hub.root, 'mine/d/link'), join(hub.root, 'mine/d/inner')];
  await symlink('../../theirs/f', link);
  await symlink('../e', inner);
  expect((await asked('/files/mine/d')).status).toBe(412);
  expect(await readlink(link)).toBe('../../theirs/f');
  await rm(link);
  expect((await asked('/files/mine/d')).status).toBe(204);
  expect(await readFile(join(hub.root, 'mine/d'), 'utf8')).toBe('new');
});

it.each([
  ['MKCOL', '/files/link/'],
  ['PUT', '/files/link/f'],
])('%s leaves a link out of the root alone', async (method, path) => {
  await symlink('/etc/hostname', join(hub.root, 'link'));
  expect([403, 412]).toContain((await change(method, 'tree')(path)).status);
  expect(await readlink(join(hub.root, 'link'))).toBe('/etc/hostname');
});

it('another wish is malformed', async () => {
  await write(hub.root, { 'd/a': '1' });
  const { status, text } = await change('PUT', 'all')('/files/d');
  expect([status, text.trim()]).toEqual([400, 'X-Hubswarm-Replace: give one of empty, tree']);
});
