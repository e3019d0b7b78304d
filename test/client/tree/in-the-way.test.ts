// What stands in the way of a mirror is not deleted for something that then does not come.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import {
  request as ask,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import { putDirectory } from '../../../src/client/tree/put-directory.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { type HubOptions, startHub } from '../../server/hub.ts';
import { removeTempDirs, startServer, tempDir } from '../hub.ts';
import { contents, write } from './trees.ts';

let served: string;
let local: string;

beforeEach(async () => {
  served = await tempDir();
  local = await tempDir();
});
afterAll(removeTempDirs);

type Refusal = number | 'reset' | 'cut midway' | 'silent';
/** How a request is refused: with a status, or otherwise; undefined: the hub answers it. */
type Refuses = (method: string, path: string, headers: IncomingHttpHeaders) => Refusal | undefined;

function refuse(to: ServerResponse, how: Refusal): void {
  if (typeof how === 'number') to.writeHead(how).end();
  else if (how === 'reset') to.socket?.resetAndDestroy();
  else if (how === 'cut midway') {
    to.writeHead(200, { 'content-length': 1000 });
    to.write('{"path":"/","entr', () => to.destroy());
  }
}

/** A real hub that refuses some requests. */
async function startRefusing(refuses: Refuses, options: HubOptions = {}): Promise<URL> {
  const { running } = await startHub({ ...options, root: served, writable: true });
  const pass = (from: IncomingMessage, to: ServerResponse): void => {
    const { method = '', url = '', headers } = from;
    const refusal = refuses(method, url, headers);
    if (refusal !== undefined) return refuse(to, refusal);
    from.pipe(
      ask(new URL(url, running.url), { method, headers }, (answer) => {
        to.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(to);
      }),
    );
  };
  const front = await startServer(pass);
  onTestFinished(() => front.close());
  return new URL('/files/', front.origin);
}

async function put(url: URL, options: { remove?: boolean; onEvent?: (event: Event) => void } = {}) {
  const differed: string[] = [];
  const error = await putDirectory({
    path: local,
    url,
    remove: false,
    stallMs: 3000,
    signal: new AbortController().signal,
    ...options,
    emit: (event) => {
      if (event.event === 'path_differed') differed.push(`${event.path}: ${event.reason}`);
      options.onEvent?.(event);
    },
  }).then(
    () => undefined,
    (cause: Error & { code?: string }) => cause,
  );
  return { error, differed };
}

describe('a file there that is a directory here', () => {
  it.each([400, 404, 405, 501])(
    'stays when the directory is empty and the server makes none (%i)',
    async (status) => {
      await mkdir(join(local, 'd'));
      await write(local, { other: 'x' });
      await write(served, { d: 'precious' });
      const url = await startRefusing((method) => (method === 'MKCOL' ? status : undefined));
      for (const remove of [false, true]) {
        const got = await put(url, { remove });
        expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
        expect(got.differed).toEqual([
          'd: a file there has its name, and the server makes no empty directories',
        ]);
        expect(await contents(served)).toEqual({ d: 'precious', other: 'x' });
      }
    },
  );

  it.each([401, 403, 405, 413, 500, 507])(
    'stays when what is in it is refused (%i)',
    async (status) => {
      await write(local, { 'd/a': '1', 'd/sub/b': '2' });
      await write(served, { d: 'precious' });
      const url = await startRefusing((method, path) =>
        method === 'PUT' && path.includes('/d/') ? status : undefined,
      );
      expect((await put(url)).error).toBeDefined();
      expect(await contents(served)).toEqual({ d: 'precious' });
    },
  );

  it('stays when what is in it is over the quota', async () => {
    await write(local, { 'd/a': 'x'.repeat(1000) });
    await write(served, { d: 'precious' });
    const url = await startRefusing(() => undefined, { uploads: { quotaBytes: 100 } });
    expect((await put(url)).error?.message).toMatch(/507/);
    expect(await contents(served)).toEqual({ d: 'precious' });
  });

  it('stays when nothing that is in it can be read any more', async () => {
    await write(local, { 'd/a': '1' });
    await write(served, { d: 'precious' });
    const url = await startRefusing(() => undefined);
    const got = await put(url, {
      onEvent: ({ event }) => {
        if (event === 'transfer_started') rmSync(join(local, 'd/a'));
      },
    });
    expect(got.differed[0]).toMatch(/^d: .*no such file/);
    expect(await contents(served)).toEqual({ d: 'precious' });
  });

  it('gives way, at a server that makes no directories by themselves as well', async () => {
    await write(local, { 'd/a': '1', 'd/sub/b': '2' });
    await write(served, { d: 'a file' });
    const url = await startRefusing((method) => (method === 'MKCOL' ? 405 : undefined));
    expect((await put(url)).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });
});

describe('at a server that replaces nothing of another kind', () => {
  /** As a hub of an earlier version: it passes over what it does not know. */
  const forgetful: Refuses = (_method, _path, headers) => {
    delete headers['x-hubswarm-replace'];
    return undefined;
  };

  it.each([
    [{ 'd/a': '1', 'd/sub/b': '2' }, { d: 'a file' }],
    [{ d: 'a file' }, { 'd/a': '1', 'd/sub/b': '2' }],
  ])('the old thing goes first: %o, then %o', async (before, after) => {
    await write(served, before);
    await write(local, after);
    expect((await put(await startRefusing(forgetful), { remove: true })).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });
});

describe('in one step', () => {
  it.each([
    [{ 'd/a': '1', 'd/sub/b': '2' }, { d: 'a file' }],
    [{ d: 'a file' }, { 'd/a': '1', 'd/sub/b': '2' }],
    [{ d: 'a file' }, { 'd/e/': '' }],
  ])('nothing is deleted by itself: %o, then %o', async (before, after) => {
    await write(served, before);
    for (const [path, text] of Object.entries(after)) {
      if (path.endsWith('/')) await mkdir(join(local, path), { recursive: true });
      else await write(local, { [path]: text });
    }
    const url = await startRefusing((method) => (method === 'DELETE' ? 500 : undefined));
    expect((await put(url, { remove: true })).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });
});

describe('a directory there that is a file here', () => {
  it.each([403, 413, 507])('stays when the file is refused (%i)', async (status) => {
    await write(local, { d: 'a file' });
    await write(served, { 'd/a': '1', 'd/sub/b': '2' });
    const before = await contents(served);
    const url = await startRefusing((method) => (method === 'PUT' ? status : undefined));
    expect((await put(url, { remove: true })).error).toBeDefined();
    expect(await contents(served)).toEqual(before);
  });

  it('stays whole when it holds more than is listed', async () => {
    await write(local, { d: 'a file', e: 'a file', z: 'x' });
    await write(served, { 'd/a': '1', 'd/sub/b': '2', 'e/a': '1', 'e/closed/b': '2' });
    execFileSync('mkfifo', [join(served, 'd/sub/fifo')]);
    const url = await startRefusing((method, path) =>
      method === 'GET' && path.includes('/closed') ? 403 : undefined,
    );
    const got = await put(url, { remove: true });
    expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
    for (const name of ['d', 'e'])
      expect(got.differed).toContain(
        `${name}: is a directory there that holds more than is listed; it stays`,
      );
    rmSync(join(served, 'd/sub/fifo'));
    expect(await contents(served)).toMatchObject({
      ...{ 'd/a': '1', 'd/sub/b': '2', 'e/a': '1', 'e/closed/b': '2', z: 'x' },
    });
  });
});

/** Gets the served tree into the local one. */
async function get(url: URL, { deleteExtras = false, timeoutMs = 300 } = {}) {
  const differed = new Map<string, string>();
  const events: Event[] = [];
  const error = await getTree({
    url,
    directory: local,
    deleteExtras,
    timeoutMs,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: (event) => {
      events.push(event);
      if (event.event === 'path_differed') differed.set(event.path, event.reason);
    },
  }).then(
    () => undefined,
    (cause: Error & { code?: string }) => cause,
  );
  return { error, differed, events };
}

describe('a file here that is a directory there', () => {
  beforeEach(async () => {
    await write(local, { d: 'precious' });
    await write(served, { 'd/sub/a': '1', 'd/b': '2', z: 'x' });
  });

  it.each([
    ['cannot be listed', '/d/', ['d']],
    ['cannot be listed further down, and holds nothing else', '/d/', ['d']],
    ['gives no file', '/d/b', ['d', 'd/b', 'd/sub', 'd/sub/a']],
  ])('stays when that %s', async (what, refused, paths) => {
    if (what.includes('further')) rmSync(join(served, 'd/b'));
    const at = what.includes('further') ? '/d/sub/' : refused;
    const url = await startRefusing((_, path) => {
      if (what === 'gives no file') return /\/d\/.*[ab]$/.test(path) ? 404 : undefined;
      return path.includes(at) ? 500 : undefined;
    });
    for (const deleteExtras of [false, true]) {
      const got = await get(url, { deleteExtras });
      expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
      for (const path of paths) expect([...got.differed.keys()]).toContain(path);
      expect(await contents(local)).toEqual({ d: 'precious', z: 'x' });
    }
  });

  it('gives way once something came', async () => {
    const url = await startRefusing((_, path) => (path.endsWith('/d/b') ? 404 : undefined));
    const got = await get(url);
    expect([...got.differed.keys()]).toEqual(['d/b']);
    expect(got.events).toContainEqual({ event: 'file_removed', path: 'd' });
    const now = { d: '/', 'd/sub': '/', 'd/sub/a': '1', z: 'x' };
    expect(await contents(local)).toEqual(now);
    expect((await readdir(local)).filter((name) => name.endsWith('.old'))).toEqual([]);
  });
});

describe('a directory that breaks off while it is listed', () => {
  beforeEach(async () => {
    await write(local, { 'closed/old': 'mine', gone: 'mine' });
    await write(served, { 'a/f': '1', 'closed/f': '2', 'z/f': '3' });
  });

  it.each(['reset', 'cut midway', 'silent', 503] as const)(
    'is named, the rest comes, and nothing is removed (%s)',
    async (how) => {
      const url = await startRefusing((_, path) => (path.includes('/closed') ? how : undefined));
      const got = await get(url, { deleteExtras: true });
      expect(got.error).toMatchObject({ code: 'ERR_INCOMPLETE' });
      expect(got.differed.get('closed')).toMatch(/^could not be listed: /);
      expect(await contents(local)).toEqual({
        ...{ a: '/', 'a/f': '1', closed: '/', 'closed/old': 'mine' },
        ...{ gone: 'mine', z: '/', 'z/f': '3' },
      });
    },
  );

  it.each(['reset', 'cut midway', 503] as const)('is asked again (%s)', async (how) => {
    let asked = 0;
    const url = await startRefusing((_, path) =>
      path.includes('/closed/?') || path.endsWith('/closed/')
        ? asked++
          ? undefined
          : how
        : undefined,
    );
    const got = await get(url, { deleteExtras: true, timeoutMs: 1500 });
    expect(got.error).toBeUndefined();
    expect(await contents(local)).toEqual(await contents(served));
    expect(asked).toBe(2);
  });

  it('is asked again by put -r as well', async () => {
    let asked = 0;
    const url = await startRefusing((method, path) =>
      method === 'GET' && path.endsWith('/files/') && !asked++ ? 'reset' : undefined,
    );
    expect((await put(url, { remove: true })).error).toBeUndefined();
    expect(await contents(served)).toEqual(await contents(local));
  });

  it('ends the whole when the server answers no more', async () => {
    for (let i = 0; i < 30; i++) await mkdir(join(served, `d${i}`));
    let asked = 0;
    const url = await startRefusing((_, path) => {
      if (path.endsWith('/files/')) return undefined;
      asked += 1;
      return 'reset';
    });
    const got = await get(url, { deleteExtras: true, timeoutMs: 100 });
    expect(got.error).toMatchObject({ code: 'ERR_REMOTE' });
    expect(asked).toBeLessThan(30);
    expect(await contents(local)).toMatchObject({ 'closed/old': 'mine', gone: 'mine' });
  });
});
