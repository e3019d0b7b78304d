// What a hub has already where a directory is put to: other types of the same names, what
// others change meanwhile. As rsync -a has it, and nothing is lost that was not named.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { putDirectory } from '../../../src/client/tree/put-directory.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { startHub } from '../../server/hub.ts';
import { NO_ROOT, needs } from '../../support/needs.ts';
import { removeTempDirs, startServer, tempDir } from '../hub.ts';
import { contents, write } from './trees.ts';

let served: string;
let local: string;
let url: URL;

beforeEach(async () => {
  served = await tempDir();
  local = await tempDir();
  const { running } = await startHub({ root: served, writable: true });
  url = new URL('files/', running.url);
});
afterAll(removeTempDirs);

async function put(
  options: { remove?: boolean; ifAbsent?: boolean; onEvent?: (event: Event) => void } = {},
) {
  const events: Event[] = [];
  const done = putDirectory({
    path: local,
    url,
    remove: false,
    stallMs: 3000,
    signal: new AbortController().signal,
    ...options,
    emit: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  const error: (Error & { code?: string }) | undefined = await done.then(
    () => undefined,
    (cause: Error) => cause,
  );
  const differed = events.flatMap((each) =>
    each.event === 'path_differed' ? [`${each.path}: ${each.reason}`] : [],
  );
  const warned = events.flatMap((each) => (each.event === 'warned' ? [each.message] : []));
  return { error, differed, warned, summary: error ? undefined : await done };
}

describe('a directory there that is a file here', () => {
  beforeEach(async () => {
    await write(local, { rel: 'a file now', other: 'x' });
    await write(served, { 'rel/rel/deep': 'inner', 'rel/1': 'one' });
  });

  it('is replaced with --delete', async () => {
    expect((await put({ remove: true })).summary).toEqual({ sent: 2, unchanged: 0, removed: 4 });
    expect(await contents(served)).toEqual(await contents(local));
    expect((await put({ remove: true })).summary).toEqual({ sent: 0, unchanged: 2, removed: 0 });
  });

  it('stays without, is named, and the rest is sent', async () => {
    const got = await put();
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual([
      'rel: is a directory there that is not empty; --delete replaces it',
    ]);
    expect(await contents(served)).toEqual({
      ...{ other: 'x', rel: '/', 'rel/1': 'one' },
      ...{ 'rel/rel': '/', 'rel/rel/deep': 'inner' },
    });
  });

  it('is replaced without as well when it is empty', async () => {
    await rm(join(served, 'rel'), { recursive: true });
    await mkdir(join(served, 'rel'));
    expect((await put()).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });

  it('stays when it holds what the hub does not list', async () => {
    await write(served, { 'rel/.hidden': 'mine' });
    const got = await put({ remove: true });
    expect(got.differed).toEqual([expect.stringMatching(/^rel: .*412 .*not empty/)]);
  });
});

describe('a file there that is a directory here', () => {
  beforeEach(async () => {
    await write(local, { 'rel/rel/rel': 'deep', 'rel/2': 'two' });
    await write(served, { rel: 'a file' });
  });

  it.each([true, false])('is replaced (--delete: %s)', async (remove) => {
    expect((await put({ remove })).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });

  it('stays with --if-absent, and is named', async () => {
    const got = await put({ ifAbsent: true });
    expect(got.differed[0]).toBe('rel: a file there has the name of a directory');
    expect(await contents(served)).toEqual({ rel: 'a file' });
  });
});

describe('a link there', () => {
  let outside: Record<string, string>;

  beforeEach(async () => {
    await write(served, { 'sub/kept': 'k', 'other/keep': 'precious', 'other/f': 'same' });
    await symlink('../other', join(served, 'sub/lin'));
    await symlink('../other/f', join(served, 'sub/linked'));
    await write(local, { kept: 'k', linked: 'same' });
    url = new URL('sub/', url);
    outside = await contents(join(served, 'other'));
  });

  it.each([
    ['a file', { lin: 'a file' }],
    ['a directory', { 'lin/keep': 'other', 'lin/new': 'n' }],
    ['nothing', {}],
  ])('is replaced or removed, and never followed: here is %s', async (_, files) => {
    await write(local, files);
    expect((await put({ remove: true })).error).toBeUndefined();
    expect(await contents(join(served, 'other'))).toEqual(outside);
    expect(await contents(join(served, 'sub'))).toEqual(await contents(local));
    const again = await put({ remove: true });
    expect(again.summary).toMatchObject({ sent: 0, removed: 0 });
  });

  it('is replaced without --delete as well', async () => {
    await write(local, { 'lin/keep': 'other' });
    expect((await put()).summary).toEqual({ sent: 2, unchanged: 1, removed: 1 });
    expect(await contents(join(served, 'other'))).toEqual(outside);
    expect(await contents(join(served, 'sub'))).toEqual(await contents(local));
  });

  it('stays without --delete when nothing here has its name', async () => {
    expect((await put()).error).toBeUndefined();
    expect(await contents(join(served, 'sub'))).toMatchObject({ lin: '-> ../other' });
  });

  it('to a directory beside it is not taken for that', async () => {
    url = new URL('..', url);
    await write(local, { 'f/g/h': 'deep', 'ld/q': 'q' });
    await write(served, { 'f/g/h': 'deep' });
    await symlink('f', join(served, 'ld'));
    for (const _ of ['first', 'second']) {
      expect((await put({ remove: true })).error).toBeUndefined();
      expect(await contents(served)).toEqual(await contents(local));
    }
  });
});

describe('what is here', () => {
  it('and cannot be sent is named, and what has its name there stays', async () => {
    await write(local, { a: 'x', 'none/none/.hidden': 'x' });
    await symlink('a', join(local, 'link'));
    await write(served, { link: 'an old file', 'old/f': 'x' });
    const got = await put({ remove: true });
    expect(got.error).toBeUndefined();
    expect(got.warned).toEqual([
      expect.stringContaining('/link: left out: no regular file'),
      expect.stringContaining('/none/none/.hidden: left out: hidden'),
    ]);
    const made = { none: '/', 'none/none': '/' };
    expect(await contents(served)).toEqual({ a: 'x', link: 'an old file', ...made });
  });

  it('and has a name that no hub takes is named, the rest is sent, nothing is deleted', async () => {
    await write(local, { a: '1', 'back\\slash': '2', 'd\\/f': '3', z: '4' });
    await writeFile(Buffer.concat([Buffer.from(`${local}/`), Buffer.from([0x62, 0xff])]), '5');
    await write(served, { old: 'x' });
    const got = await put({ remove: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual([
      'back\\slash: a backslash is in its name',
      'b\ufffd: its name is not UTF-8',
      'd\\: a backslash is in its name',
      'old: is not here',
    ]);
    expect(await contents(served)).toEqual({ a: '1', z: '4', old: 'x' });
  });

  it('and may not be read is named, the rest is sent', needs(NO_ROOT), async () => {
    await write(local, { a: '1', file: '2', 'directory/f': '3', z: '4' });
    for (const name of ['file', 'directory']) await chmod(join(local, name), 0);
    const got = await put({ remove: true });
    await chmod(join(local, 'directory'), 0o700);
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual([
      expect.stringMatching(/^directory: .*permission denied/),
      expect.stringMatching(/^file: .*permission denied/),
    ]);
    expect(await contents(served)).toEqual({ a: '1', z: '4' });
  });

  it('and goes meanwhile is named, the rest is sent, and nothing is deleted', async () => {
    await write(local, { a: '1', b: '2', c: '3' });
    await write(served, { old: 'x' });
    const got = await put({
      remove: true,
      onEvent: ({ event }) => {
        if (event === 'transfer_started') rmSync(join(local, 'c'));
      },
    });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual([expect.stringMatching(/^c: .*no such file/), 'old: is not here']);
    expect(await contents(served)).toEqual({ a: '1', b: '2', old: 'x' });
  });

  it('has names of every kind that a hub takes', async () => {
    const names = [
      '-',
      '~',
      'C:foo',
      '%2e%2e',
      '%',
      'a?b#c',
      ' ',
      'new\nline',
      'cr\r',
      '\u00fc',
      'u\u0308',
    ];
    for (const name of names) await write(local, { [name]: name, [`d/${name}/${name}`]: name });
    expect((await put({ remove: true })).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
    const again = await put({ remove: true });
    expect(again.summary).toEqual({ sent: 0, unchanged: 2 * names.length, removed: 0 });
  });
});

describe('what the hub refuses', () => {
  it('is named, the rest is sent, and nothing is deleted', async () => {
    await write(local, { a: '1', ff: '2', z: '3' });
    await write(served, { old: 'x' });
    execFileSync('mkfifo', [join(served, 'ff')]);
    const got = await put({ remove: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual([expect.stringMatching(/^ff: .*403/), 'old: is not here']);
    await rm(join(served, 'ff'));
    expect(await contents(served)).toEqual({ a: '1', z: '3', old: 'x' });
  });

  it.each([
    [403, /^closed: could not be listed: .*403/],
    [500, /^closed: could not be listed: .*500/],
    [200, /^closed: could not be listed: .*no JSON/],
  ])('is all the same when it is a directory to be listed (%d)', async (status, reason) => {
    await write(local, { a: '1', 'closed/f': '2', z: '3' });
    const stored: string[] = [];
    const server = await startServer((request, response) => {
      request.resume();
      if (request.method === 'PUT' || request.method === 'DELETE')
        stored.push(`${request.method} ${request.url}`);
      if (request.method === 'GET' && request.url?.includes('/closed')) {
        return response.writeHead(status).end('<html>');
      }
      if (request.method !== 'GET') return response.writeHead(201).end();
      const entries = [
        ...['a', 'old', 'z'].map((name) => ({ name, type: 'file', url: '/', size: 1 })),
        { name: 'closed', type: 'directory', url: '/' },
      ];
      return response.end(JSON.stringify({ path: request.url, entries }));
    });
    url = new URL('/files/', server.origin);
    const got = await put({ remove: true });
    await server.close();
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed[0]).toMatch(reason);
    expect(stored.sort()).toEqual(['PUT /files/a', 'PUT /files/closed/f', 'PUT /files/z']);
  });

  it('is told once when it is everything', async () => {
    const { running } = await startHub({ root: served });
    url = new URL('files/', running.url);
    for (let i = 0; i < 50; i++) await write(local, { [`f${i}`]: 'x' });
    const got = await put();
    expect(got.error?.message).toContain('--writable');
    expect(got.differed.length).toBeLessThan(25);
  });
});

describe('what the hub lists afterwards', () => {
  it('is compared, and what it lost is named', async () => {
    await write(local, { a: '1', 'd/b': '22' });
    const kept = await startServer((request, response) => {
      request.resume();
      if (request.method === 'PUT') return response.writeHead(201).end();
      const entries = request.url?.endsWith('/d/')
        ? [{ name: 'b', type: 'file', url: '/', size: 1 }]
        : [{ name: 'd', type: 'directory', url: '/' }];
      return response.end(JSON.stringify({ path: request.url, entries }));
    });
    url = new URL('/files/', kept.origin);
    const got = await put();
    await kept.close();
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(got.differed).toEqual(['a: is not on the hub', 'd/b: has 1 bytes there, not 2']);
  });

  it('is nothing at a server that lists nothing', async () => {
    await writeFile(join(local, 'a'), '1');
    const plain = await startServer((request, response) => {
      request.resume();
      response.writeHead(request.method === 'PUT' ? 201 : 404).end();
    });
    url = new URL('/files/', plain.origin);
    const got = await put();
    await plain.close();
    expect(got.summary).toEqual({ sent: 1, unchanged: 0, removed: 0 });
  });
});

describe('a name that is spelled otherwise there', () => {
  const [composed, parted] = ['\u00e9', 'e\u0301'];
  const both = [
    [composed, parted],
    [parted, composed],
  ] as const;

  it.each(both)('is the same file, and is not deleted: %j, %j', async (here, there) => {
    await write(local, { [`${here}/${here}`]: 'new', same: 's' });
    await write(served, { [`${there}/${there}`]: 'old', same: 's' });
    expect((await put({ remove: true })).summary).toEqual({ sent: 1, unchanged: 1, removed: 0 });
    const now = { [there]: '/', [`${there}/${there}`]: 'new', same: 's' };
    expect(await contents(served)).toEqual(now);
    expect((await put({ remove: true })).summary).toEqual({ sent: 0, unchanged: 2, removed: 0 });
  });

  it.each(both)('is another file when both are here: %j, %j', async (one, other) => {
    const big = 'x'.repeat(5 * 2 ** 20);
    await write(local, { [one]: big, [other]: 'two', [`d${one}/f`]: '1', [`d${other}/f`]: '2' });
    expect((await put()).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });

  it('is another file when both are there', async () => {
    await write(local, { [composed]: '1' });
    await write(served, { [composed]: '1', [parted]: '2' });
    expect((await put({ remove: true })).summary).toEqual({ sent: 0, unchanged: 1, removed: 1 });
    expect(await contents(served)).toEqual({ [composed]: '1' });
  });
});

describe('an empty directory', () => {
  beforeEach(async () => {
    await write(local, { f: 'x' });
    await mkdir(join(local, 'a/b/c'), { recursive: true });
    await mkdir(join(local, 'odd ?#%'), { recursive: true });
  });

  it('is made there, and removed with --delete when it is gone here', async () => {
    for (const _ of ['first', 'second']) {
      expect(await put({ remove: true })).toMatchObject({ error: undefined, warned: [] });
      expect(await contents(served)).toEqual(await contents(local));
    }
    await rm(join(local, 'a/b'), { recursive: true });
    expect((await put({ remove: true })).summary).toEqual({ sent: 0, unchanged: 1, removed: 2 });
    expect(await contents(served)).toEqual(await contents(local));
  });

  it('is made in directories that are not there yet', async () => {
    url = new URL('new/er/', url);
    expect((await put()).error).toBeUndefined();
    expect(await contents(join(served, 'new/er'))).toEqual(await contents(local));
  });

  it('is made also when it is all that is put', async () => {
    local = await tempDir();
    url = new URL('new/er/', url);
    for (const _ of ['first', 'second']) expect((await put()).error).toBeUndefined();
    expect(await contents(served)).toEqual({ new: '/', 'new/er': '/' });
  });

  it('is named where a file has the name of a directory above', async () => {
    await write(served, { new: 'a file' });
    url = new URL('new/er/', url);
    expect((await put()).error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    expect(await contents(served)).toEqual({ new: 'a file' });
  });

  it('takes the place of a file, and a file takes its place', async () => {
    await write(served, { 'a/b': 'a file there' });
    await mkdir(join(served, 'f'));
    expect((await put()).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });

  it('stays away when a file has its name and nothing may be replaced', async () => {
    await write(served, { a: 'a file there' });
    const got = await put({ ifAbsent: true });
    expect(got.differed).toContain('a: a file there has the name of a directory');
    expect(await contents(served)).toMatchObject({ a: 'a file there' });
  });

  it('is named where the server makes none', async () => {
    const plain = await startServer(({ method = '' }, res) => {
      res.writeHead(method === 'PUT' ? 201 : 405).end();
    });
    url = new URL(plain.url);
    const got = await put();
    expect(got.error).toBeUndefined();
    expect(got.warned).toContain('a: left out: the server makes no empty directories');
  });
});
