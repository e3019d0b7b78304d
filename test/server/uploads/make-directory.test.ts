// MKCOL, as RFC 4918 section 9.3 has it.
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub, tempRoot } from '../hub.ts';

async function start(writable = true) {
  const root = await tempRoot();
  await writeFile(join(root, 'file'), 'x');
  await mkdir(join(root, 'dir'));
  await symlink('/tmp', join(root, 'out'));
  const hub = await startHub({ root, writable });
  const make = (path: string, init: RequestInit = {}) =>
    fetch(`${hub.running.url}files/${path}`, { method: 'MKCOL', ...init });
  const made = () =>
    hub.events.flatMap((each) => (each.event === 'directory_made' ? [each.path] : []));
  return { root, made, make };
}

describe('MKCOL', () => {
  it.each(['new/', 'new', 'dir/new/', '%C3%A9%20%3F%23/'])('makes %s', async (path) => {
    const { root, made, make } = await start();
    const answer = await make(path);
    expect(answer.status).toBe(201);
    const name = decodeURIComponent(path.replace(/\/$/, ''));
    expect(answer.headers.get('location')).toMatch(/\/$/);
    expect(await readdir(join(root, name))).toEqual([]);
    expect(made()).toEqual([name]);
    expect((await make(path)).status).toBe(405);
  });

  it.each([
    ['', 405],
    ['file', 405],
    ['file/', 405],
    ['dir/', 405],
    ['out/', 405],
    ['out/new/', 403],
    ['none/new/', 409],
    ['file/new/', 409],
    ['.hidden/', 403],
    ['dir/.hidden/', 403],
    ['a%2Fb/', 400],
    ['x//', 400],
    ['a%00/', 400],
    [`${'n'.repeat(256)}/`, 414],
  ])('refuses %j with %i', async (path, status) => {
    const { root, made, make } = await start();
    expect((await make(path)).status).toBe(status);
    expect((await readdir(root)).sort()).toEqual(['dir', 'file', 'out']);
    expect(made()).toEqual([]);
  });

  it('takes no body, and holds to a condition', async () => {
    const { make } = await start();
    expect((await make('new/', { body: 'x' })).status).toBe(415);
    expect((await make('new/', { headers: { 'if-match': '*' } })).status).toBe(412);
    expect((await make('new/', { headers: { 'if-none-match': '*' } })).status).toBe(201);
  });

  it('is refused where nothing may be written', async () => {
    const { make } = await start(false);
    expect((await make('new/')).status).toBe(403);
  });
});
