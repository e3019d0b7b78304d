// A directory of a real hub mirrored to disk, and hubs that list what they should not.
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import type { Event, EventName } from '../../../src/telemetry/event.ts';
import { startHub } from '../../server/hub.ts';
import { removeTempDirs, sendBytes, startServer, type TestServer, tempDir } from '../hub.ts';

let root: string;
let local: string;
const servers: TestServer[] = [];

beforeEach(async () => {
  root = await tempDir();
  local = join(await tempDir(), 'mirror');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

async function write(path: string, bytes: Buffer | string): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), bytes);
}

/** A real one; `requests` gives those since it was called last. */
async function hub(): Promise<{ url: URL; requests: () => string[] }> {
  const { running, events } = await startHub({ root });
  const requests = (): string[] =>
    events
      .splice(0)
      .flatMap((each) =>
        each.event === 'request_completed' ? [`${each.method} ${each.path}`] : [],
      );
  return { url: new URL('files/', running.url), requests };
}

interface Run {
  readonly error: (Error & { code?: string }) | undefined;
  all<E extends EventName>(name: E): Extract<Event, { event: E }>[];
  /** Paths that are said not to be as on the hub. */
  readonly differed: readonly string[];
}

async function mirror(url: URL | string, options: { deleteExtras?: boolean } = {}): Promise<Run> {
  const events: Event[] = [];
  let error: Error | undefined;
  await getTree({
    url: new URL(url),
    directory: local,
    deleteExtras: false,
    timeoutMs: 1500,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: (event) => void events.push(event),
    ...options,
  }).catch((cause: Error) => {
    error = cause;
  });
  const all: Run['all'] = (name) => events.filter((each) => each.event === name) as never;
  const differed = all('path_differed').map(({ path }) => path);
  return { error, all, differed: differed.sort() };
}

const tree = async (at: string): Promise<string[]> =>
  (await readdir(at, { recursive: true })).filter((name) => !name.startsWith('.')).sort();

describe('a directory of a hub', () => {
  beforeEach(async () => {
    await write('a.txt', 'hello');
    await write('empty.txt', '');
    await write('sub dir/über%20.bin', randomBytes(700_000));
    await write('sub dir/deep/x.bin', randomBytes(50_000));
    await mkdir(join(root, 'nothing in it'));
  });

  it('is mirrored whole', async () => {
    const { url } = await hub();
    const got = await mirror(url);
    expect(got.error).toBeUndefined();
    expect(await tree(local)).toEqual(await tree(root));
    for (const name of ['a.txt', 'empty.txt', 'sub dir/über%20.bin', 'sub dir/deep/x.bin']) {
      expect((await readFile(join(local, name))).equals(await readFile(join(root, name)))).toBe(
        true,
      );
    }
    expect(got.all('tree_mirrored')).toEqual([
      { event: 'tree_mirrored', path: local, fetched: 4, unchanged: 0, removed: 0 },
    ]);
    expect(got.all('transfer_completed')).toHaveLength(1);
  });

  it('moves nothing the second time, and then only what changed', async () => {
    const { url, requests } = await hub();
    await mirror(url);
    requests();
    const again = await mirror(url);
    expect(again.all('tree_mirrored')[0]).toMatchObject({ fetched: 0, unchanged: 4 });
    expect(requests().filter((line) => !line.endsWith('/'))).toEqual([]);
    await write('a.txt', 'changed');
    await writeFile(join(local, 'empty.txt'), 'meddled with');
    const third = await mirror(url);
    expect(third.error).toBeUndefined();
    expect(
      third
        .all('file_fetched')
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['a.txt', 'empty.txt']);
    expect(await readFile(join(local, 'a.txt'), 'utf8')).toBe('changed');
    expect(await readFile(join(local, 'empty.txt'), 'utf8')).toBe('');
  });

  it('hashes rather than fetches when the record is lost', async () => {
    const { url, requests } = await hub();
    await mirror(url);
    await rm(join(local, '.hubswarm-mirror.json'));
    requests();
    expect((await mirror(url)).error).toBeUndefined();
    expect(requests().filter((line) => /^GET \/files\/.*[^/]$/.test(line))).toEqual([]);
  });

  it('leaves local files alone unless it is to delete them', async () => {
    const { url } = await hub();
    await mirror(url);
    await writeFile(join(local, 'mine.txt'), 'x');
    await writeFile(join(local, '.hidden'), 'x');
    await mkdir(join(local, 'old/older'), { recursive: true });
    await writeFile(join(local, 'old/older/mine.txt'), 'x');
    await rm(join(root, 'sub dir'), { recursive: true });
    expect((await mirror(url)).error).toBeUndefined();
    expect(await tree(local)).toContain('mine.txt');
    const got = await mirror(url, { deleteExtras: true });
    expect(got.error).toBeUndefined();
    expect(await tree(local)).toEqual(await tree(root));
    expect(await readdir(local)).toContain('.hidden');
    expect(got.all('file_removed').map(({ path }) => path)).toContain('old/older/mine.txt');
  });

  it('replaces a symbolic link to elsewhere by the directory of its name', async () => {
    const { url } = await hub();
    const outside = await tempDir();
    await mkdir(local);
    await symlink(outside, join(local, 'sub dir'));
    const got = await mirror(url);
    expect(got.error).toBeUndefined();
    expect(await readdir(outside)).toEqual([]);
    expect((await lstat(join(local, 'sub dir'))).isDirectory()).toBe(true);
    expect(await tree(local)).toEqual(await tree(root));
  });
});

describe('links on a hub', () => {
  it.each([
    ['to the directory above', { 'c/up': '..' }, ['c/up']],
    ['to its own directory', { 'c/self': '.' }, ['c/self']],
    ['to the root', { 'c/d/top': '../..' }, ['c/d/top']],
    ['to each other', { 'b/c': '../c', 'c/b': '../b' }, ['b/c/b', 'c/b/c']],
  ])('that lead %s are named, and the rest is mirrored once', async (_, links, loops) => {
    await write('a.txt', 'hello');
    for (const directory of ['b', 'c', 'c/d']) await write(`${directory}/f`, directory);
    for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
    const { url } = await hub();
    const got = await mirror(url, { deleteExtras: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual(loops);
    const found = await tree(local);
    expect(found).toEqual(expect.arrayContaining(['a.txt', 'b/f', 'c/d/f', 'c/f']));
    expect(found.filter((path) => path.split('/').length > 4)).toEqual([]);
  });

  it('that lead down or aside are mirrored as what they lead to', async () => {
    await write('v1/f', 'one');
    await symlink('v1', join(root, 'latest'));
    await symlink('v1', join(root, 'stable'));
    await symlink('f', join(root, 'v1', 'g'));
    const { url } = await hub();
    expect((await mirror(url)).error).toBeUndefined();
    expect((await tree(local)).filter((path) => path.includes('/'))).toEqual([
      'latest/f',
      'latest/g',
      'stable/f',
      'stable/g',
      'v1/f',
      'v1/g',
    ]);
  });
});

describe('a listing', () => {
  interface Entry {
    name: unknown;
    type?: string;
    url?: string;
    size?: number;
  }
  const file = (name: unknown): Entry => ({ name, type: 'file', url: '/elsewhere', size: 5 });

  /** Answers each path with its listing, and all else with five bytes. */
  async function lister(
    listings: Record<
      string,
      { entries: Entry[]; next?: string; truncated?: boolean; incomplete?: boolean }
    >,
  ): Promise<TestServer> {
    const server = await startServer((request, response) => {
      const listing = listings[request.url ?? ''];
      if (!listing) return sendBytes(Buffer.from('12345'), request, response);
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ path: request.url, ...listing }));
    });
    servers.push(server);
    return server;
  }

  it.each([
    '..',
    '.',
    '',
    '../x',
    'a/b',
    '/etc/passwd',
    '.bashrc',
    '.hubswarm-mirror.json',
    'a\0b',
    7,
  ])('that names %j writes nothing of that name, and says so', async (name) => {
    const { origin } = await lister({ '/files/': { entries: [file('ok'), file(name)] } });
    const got = await mirror(`${origin}/files/`);
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    const written = (await readdir(join(local, '..'), { recursive: true })).sort();
    expect(written).toEqual(['mirror', 'mirror/.hubswarm-mirror.json', 'mirror/ok']);
  });

  it.each([
    ['\ud800', 'not Unicode'],
    ['x'.repeat(256), 'too long'],
    ['\u00fc'.repeat(128), 'too long'],
  ])('with the name %j has the others, and names that one', async (name, reason) => {
    const { origin } = await lister({ '/files/': { entries: [file('ok'), file(name)] } });
    await mkdir(local);
    await writeFile(join(local, 'mine.txt'), 'x');
    const got = await mirror(`${origin}/files/`, { deleteExtras: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.all('path_differed')).toEqual([
      { event: 'path_differed', path: name, reason: expect.stringContaining(reason) },
    ]);
    // It is known that there is such a name, so the others can be told from it.
    expect(await tree(local)).toEqual(['ok']);
  });

  it('of a directory that cannot be had keeps what lies there, and deletes nothing', async () => {
    const server = await startServer((request, response) => {
      if (request.url === '/files/closed/') return response.writeHead(403).end();
      if (request.url !== '/files/') return sendBytes(Buffer.from('12345'), request, response);
      const entries = [file('a'), { ...file('closed'), type: 'directory' }];
      return response.end(JSON.stringify({ path: '/files/', entries }));
    });
    servers.push(server);
    await mkdir(join(local, 'closed'), { recursive: true });
    await mkdir(join(local, 'a'));
    for (const path of ['closed/kept', 'a/kept', 'mine.txt']) {
      await writeFile(join(local, path), 'x');
    }
    const got = await mirror(`${server.origin}/files/`, { deleteExtras: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(await tree(local)).toEqual(['a', 'a/kept', 'closed', 'closed/kept', 'mine.txt']);
    expect(got.differed).toEqual(['a', 'a/kept', 'closed', 'mine.txt']);
    expect(got.error?.message).toContain('403 Forbidden');
  });

  it('that names a directory so, or a name twice, is told as well', async () => {
    const up = { ...file('..'), type: 'directory' };
    const first = await lister({ '/files/': { entries: [up] } });
    expect((await mirror(`${first.origin}/files/`)).error?.message).toContain('not safe to write');
    const second = await lister({ '/files/': { entries: [file('a'), file('a')] } });
    expect((await mirror(`${second.origin}/files/`)).error?.message).toContain('twice');
  });

  it('is read page by page, and its URLs are not believed', async () => {
    const { origin, seen } = await lister({
      '/files/': { entries: [file('a')], next: '/files/?page=2', truncated: true },
      '/files/?page=2': { entries: [file('b')], next: '?page=3' },
      '/files/?page=3': { entries: [file('c?d#e')] },
    });
    const got = await mirror(`${origin}/files`);
    expect(got.error).toBeUndefined();
    expect(await tree(local)).toEqual(['a', 'b', 'c?d#e']);
    expect(seen.filter((line) => line.includes('elsewhere'))).toEqual([]);
    expect(seen).toContain('GET /files/c%3Fd%23e');
  });

  it.each([
    ['to itself', '/files/'],
    ['to another directory', '/other/'],
    ['to another host', 'http://127.0.0.1:1/files/'],
  ])('whose next page leads %s is refused', async (_, next) => {
    const { origin } = await lister({ '/files/': { entries: [file('a')], next } });
    expect((await mirror(`${origin}/files/`)).error?.message).toContain('leads elsewhere');
  });

  it('of several pages is read until two readings are alike', async () => {
    let readings = 0;
    const server = await startServer((request, response) => {
      const page = /\?page=(.)$/.exec(request.url ?? '')?.[1];
      if (!page && request.url !== '/files/') {
        return sendBytes(Buffer.from('12345'), request, response);
      }
      if (!page) readings += 1;
      // 'a' goes after the first page of the first reading, so that 'c' moves onto it unseen.
      const names = readings === 1 && !page ? ['a', 'b'] : page ? ['d'] : ['b', 'c'];
      const next = page ? {} : { next: '/files/?page=2', truncated: true };
      return response.end(JSON.stringify({ path: '/', entries: names.map(file), ...next }));
    });
    servers.push(server);
    await mkdir(local);
    await writeFile(join(local, 'c'), 'x');
    const got = await mirror(`${server.origin}/files/`, { deleteExtras: true });
    expect(got.error).toBeUndefined();
    expect(await tree(local)).toEqual(['b', 'c', 'd']);
    expect(readings).toBe(3);
  });

  it('of several pages that is never twice the same is refused', async () => {
    let readings = 0;
    const server = await startServer((request, response) => {
      const page = request.url?.endsWith('?page=2');
      const entries = [file(page ? 'z' : `a${readings++}`)];
      const next = page ? {} : { next: '/files/?page=2', truncated: true };
      response.end(JSON.stringify({ path: '/', entries, ...next }));
    });
    servers.push(server);
    const got = await mirror(`${server.origin}/files/`, { deleteExtras: true });
    expect(got.error?.message).toContain('changes while it is listed');
  });

  it('that is no JSON, of one directory, is named, and the others are mirrored', async () => {
    const server = await startServer((request, response) => {
      if (request.url === '/files/broken/') return response.end('<html>');
      if (request.url !== '/files/') return sendBytes(Buffer.from('12345'), request, response);
      const entries = [file('a'), { ...file('broken'), type: 'directory' }];
      return response.end(JSON.stringify({ path: '/files/', entries }));
    });
    servers.push(server);
    const got = await mirror(`${server.origin}/files/`, { deleteExtras: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual(['broken']);
    expect(await tree(local)).toEqual(['a', 'broken']);
  });

  it('of few bytes that unfolds to endless paths is refused', async () => {
    const name = 'n'.repeat(250);
    const names = Array.from({ length: 20_000 }, (_, i) => file(`f${i}`));
    const server = await startServer((request, response) => {
      const depth = request.url!.split('/').length - 3;
      const inner = [{ ...file(name), type: 'directory' }];
      const entries = depth < 15 ? inner : names;
      if (depth === 14)
        for (let i = 0; i < 20; i++) entries.push({ ...file(`d${i}`), type: 'directory' });
      return response.end(JSON.stringify({ path: request.url, entries }));
    });
    servers.push(server);
    const got = await mirror(`${server.origin}/files/`);
    expect(got.error?.message).toContain('too large a tree');
    expect(await tree(join(local, '..'))).toEqual([]);
  });

  it('that says that it is incomplete removes nothing of that directory', async () => {
    const { origin } = await lister({
      '/files/': { entries: [file('a'), { ...file('d'), type: 'directory' }] },
      '/files/d/': { entries: [file('b')], incomplete: true },
    });
    await mkdir(join(local, 'd/e'), { recursive: true });
    for (const path of ['old', 'd/kept', 'd/e/kept']) await writeFile(join(local, path), 'x');
    const got = await mirror(`${origin}/files/`, { deleteExtras: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual(['d']);
    expect(await tree(local)).toEqual(['a', 'd', 'd/b', 'd/e', 'd/e/kept', 'd/kept']);
  });

  it('that is cut off removes nothing', async () => {
    const { origin } = await lister({ '/files/': { entries: [file('a')], truncated: true } });
    await mkdir(local);
    await writeFile(join(local, 'mine.txt'), 'x');
    const got = await mirror(`${origin}/files/`, { deleteExtras: true });
    expect(got.error?.message).toContain('in part only');
    expect(await tree(local)).toEqual(['mine.txt']);
  });

  it('with a file that cannot be had has the others, and removes nothing', async () => {
    const server = await startServer((request, response) => {
      if (request.url === '/files/gone') return response.writeHead(404).end();
      if (request.url !== '/files/') return sendBytes(Buffer.from('12345'), request, response);
      const entries = [file('a'), file('gone'), file('z')];
      return response.end(JSON.stringify({ path: '/files/', entries }));
    });
    servers.push(server);
    await mkdir(local);
    await writeFile(join(local, 'mine.txt'), 'x');
    const got = await mirror(`${server.origin}/files/`, { deleteExtras: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.error?.message).toContain('2 paths are not as on the hub: gone: ');
    expect(got.differed).toEqual(['gone', 'mine.txt']);
    expect(await tree(local)).toEqual(['a', 'mine.txt', 'z']);
  });

  it('without end or sense is refused', async () => {
    const deep = await startServer((request, response) => {
      const entries = [{ name: 'd', type: 'directory', url: '' }];
      response.end(JSON.stringify({ path: request.url, entries }));
    });
    servers.push(deep);
    expect((await mirror(`${deep.origin}/files/`)).error?.message).toContain('directories deep');
    const html = await startServer((_, response) => response.end('<html>'));
    servers.push(html);
    expect((await mirror(`${html.origin}/files/`)).error).toMatchObject({ code: 'ERR_REMOTE' });
  });
});

describe('small files that the hub has hashed', () => {
  /** Whether a run of the hub has hashed all of them: then the listing names their CIDs. */
  const isHashed = async (url: URL): Promise<boolean> => {
    const answer = await fetch(url, { headers: { accept: 'application/json' } });
    const { entries } = (await answer.json()) as { entries: { cid?: string }[] };
    return entries.every(({ cid }) => cid !== undefined);
  };

  it('take one request each, and none that is whole by its staging name stays behind', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
    for (const name of names) await write(name, randomBytes(270));
    const { url, requests } = await hub();
    for (const name of names) await fetch(new URL(name, url));
    await expect.poll(() => isHashed(url), { timeout: 10_000 }).toBe(true);
    requests();
    const run = await mirror(url);
    expect(run.error).toBeUndefined();
    expect(run.all('file_fetched').length).toBe(20);
    const asked = requests().filter((each) => !each.endsWith('/files/'));
    expect(asked.sort()).toEqual(names.map((name) => `GET /files/${name}`).sort());
    for (const name of names) {
      expect(await readFile(join(local, name))).toEqual(await readFile(join(root, name)));
    }
    expect((await readdir(local)).filter((name) => name.startsWith('.'))).toEqual([
      '.hubswarm-mirror.json',
    ]);
  });

  it('that changed since they were listed are fetched with all care', async () => {
    await write('small', 'first');
    const { url } = await hub();
    await fetch(new URL('small', url));
    await expect.poll(() => isHashed(url), { timeout: 10_000 }).toBe(true);
    const listing = await (await fetch(url, { headers: { accept: 'application/json' } })).text();
    const other = Buffer.from('other');
    const server = await startServer((request, response) => {
      if (request.url?.endsWith('/files/')) {
        response.setHeader('content-type', 'application/json');
        response.end(listing);
      } else sendBytes(other, request, response);
    });
    servers.push(server);
    await mirror(new URL('files/', server.url));
    expect(await readFile(join(local, 'small'))).toEqual(other);
  });
});
