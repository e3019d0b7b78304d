// The time of last change and the executable bit of files, on their way to a hub and back.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { parseHttpDate } from '../../src/api/http-date.ts';
import type { Listing } from '../../src/api/listing.ts';
import { getTree } from '../../src/client/tree/get-tree.ts';
import { putDirectory } from '../../src/client/tree/put-directory.ts';
import { putFile } from '../../src/client/upload/put.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { startEdge } from '../edge/edge.ts';
import { startHub } from '../server/hub.ts';
import { LINUX, needs } from '../support/needs.ts';
import { removeTempDirs, sendBytes, startServer, tempDir } from './hub.ts';
import { runGet } from './run-get.ts';

afterAll(removeTempDirs);

const signal = new AbortController().signal;
const emit = (): void => undefined;
const WHEN = new Date('1999-09-09T09:09:09.000Z');

async function write(path: string, when: Date, mode = 0o644, bytes = randomBytes(100)) {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  await chmod(path, mode);
  await utimes(path, when, when);
}

/** When the file was changed, and what may be done with it. */
async function facts(path: string) {
  const { mtime, mode } = await stat(path);
  return [mtime.toISOString(), (mode & 0o7777).toString(8)];
}

const isNow = async (path: string): Promise<boolean> =>
  Date.now() - (await stat(path)).mtimeMs < 3_600_000;

const mirror = (url: URL, directory: string, preserve = true) =>
  getTree({
    ...{ url, directory, preserve, emit, signal },
    ...{ deleteExtras: false, timeoutMs: 1500, stdout: new Writable() },
  });

describe('get', () => {
  it.each([
    ['a verified file', 100],
    ['a file of several pieces', 5_000_000],
    ['an empty file', 0],
  ])('keeps the time and the executable bit of %s', async (_, length) => {
    const hub = await startHub();
    await write(join(hub.root, 'f'), WHEN, 0o4755, randomBytes(length));
    const to = join(await tempDir(), 'f');
    expect((await runGet([new URL('/files/f', hub.running.url)], { output: to })).error).toBe(
      undefined,
    );
    // Never set-id.
    expect(await facts(to)).toEqual(['1999-09-09T09:09:09.000Z', '755']);
  });

  it.each(['2099-09-09T09:09:09.500Z', '2400-01-01T00:00:00.000Z'])(
    'keeps a time that is still to come: %s',
    async (when) => {
      const hub = await startHub();
      await write(join(hub.root, 'f'), new Date(when));
      const answer = await fetch(new URL('/files/f', hub.running.url), { method: 'HEAD' });
      // RFC 9110 section 8.8.2.1.
      expect(answer.headers.get('last-modified')).toBeNull();
      expect(answer.headers.get('x-oc-mtime')).toBe(String(Date.parse(when) / 1000));
      const to = join(await tempDir(), 'f');
      await runGet([new URL('/files/f', hub.running.url)], { output: to });
      expect(await facts(to)).toEqual([when, '644']);
    },
  );

  it('keeps them by way of an edge, also from its disk', async () => {
    const hub = await startHub();
    await write(join(hub.root, 'past'), WHEN, 0o755);
    await write(join(hub.root, 'ahead'), new Date('2099-09-09T09:09:09.000Z'));
    const edge = await startEdge(hub);
    for (const time of ['first', 'second']) {
      const to = await tempDir();
      for (const name of ['past', 'ahead']) {
        const output = join(to, name + time);
        await runGet([new URL(`/files/${name}`, edge.running.url)], { output });
      }
      expect(await facts(join(to, `past${time}`))).toEqual(['1999-09-09T09:09:09.000Z', '755']);
      expect(await facts(join(to, `ahead${time}`))).toEqual(['2099-09-09T09:09:09.000Z', '644']);
    }
  });

  it('keeps them of a plain server, as far as it says them', async () => {
    const bytes = randomBytes(1000);
    const server = await startServer((request, response) => {
      response.setHeader('Last-Modified', WHEN.toUTCString());
      sendBytes(bytes, request, response);
    });
    const to = join(await tempDir(), 'f');
    await runGet([server.url], { output: to });
    await server.close();
    expect(await facts(to)).toEqual(['1999-09-09T09:09:09.000Z', '644']);
  });

  it.each(['Sun, 06 Nov 0000 08:49:37 GMT', 'yesterday', '-1', '9007199254740993', ' '])(
    'does without the time %j',
    async (date) => {
      const server = await startServer((request, response) => {
        response.setHeader('Last-Modified', date);
        sendBytes(Buffer.from('x'), request, response);
      });
      const to = join(await tempDir(), 'f');
      const got = await runGet([server.url], { output: to });
      await server.close();
      expect(got.error).toBeUndefined();
      expect(await isNow(to)).toBe(true);
    },
  );

  it('keeps nothing when told so', async () => {
    const hub = await startHub();
    await write(join(hub.root, 'f'), WHEN, 0o755);
    const to = join(await tempDir(), 'f');
    await runGet([new URL('/files/f', hub.running.url)], { output: to, preserve: false });
    expect((await facts(to))[1]).toBe('644');
    expect(await isNow(to)).toBe(true);
  });
});

describe('get -r', () => {
  it('keeps them, also when only they changed, and restores what was changed here', async () => {
    const hub = await startHub();
    const [at, to] = [hub.root, join(await tempDir(), 'tree')];
    const url = new URL('/files/', hub.running.url);
    await write(join(at, 'run'), new Date(981_173_106_789), 0o755);
    await write(join(at, 'd', 'old'), new Date('1955-05-05T05:05:05Z'));
    await write(join(at, 'd', 'new'), new Date('2150-01-01T00:00:00Z'));
    await mirror(url, to);
    expect(await facts(join(to, 'run'))).toEqual(['2001-02-03T04:05:06.789Z', '755']);
    expect(await facts(join(to, 'd/old'))).toEqual(['1955-05-05T05:05:05.000Z', '644']);
    expect(await facts(join(to, 'd/new'))).toEqual(['2150-01-01T00:00:00.000Z', '644']);
    await utimes(join(at, 'd/old'), WHEN, WHEN);
    await chmod(join(at, 'd/new'), 0o755);
    await utimes(join(to, 'run'), WHEN, WHEN);
    await mirror(url, to);
    expect(await facts(join(to, 'run'))).toEqual(['2001-02-03T04:05:06.789Z', '755']);
    expect(await facts(join(to, 'd/old'))).toEqual(['1999-09-09T09:09:09.000Z', '644']);
    expect(await facts(join(to, 'd/new'))).toEqual(['2150-01-01T00:00:00.000Z', '755']);
    await mirror(url, join(to, 'other'), false);
    expect(await isNow(join(to, 'other/run'))).toBe(true);
  });
});

describe('directories', () => {
  const OLD = new Date('1955-05-05T05:05:05.000Z');
  const AHEAD = new Date('2150-01-01T00:00:00.000Z');

  async function tree(root: string) {
    await write(join(root, 'd/e/f'), WHEN);
    await mkdir(join(root, 'd/empty'));
    await utimes(join(root, 'd/empty'), WHEN, WHEN);
    await utimes(join(root, 'd/e'), OLD, OLD);
    await utimes(join(root, 'd'), AHEAD, AHEAD);
    await utimes(root, WHEN, WHEN);
  }

  const times = async (root: string) =>
    Promise.all(
      ['', 'd', 'd/e', 'd/empty'].map(async (path) => (await facts(join(root, path)))[0]),
    );
  const expected = [WHEN, AHEAD, OLD, WHEN].map((when) => when.toISOString());

  it('keep their times by get -r, whatever else changes in them', async () => {
    const hub = await startHub();
    await tree(hub.root);
    const to = join(await tempDir(), 'tree');
    const url = new URL('/files/', hub.running.url);
    await mirror(url, to);
    expect(await times(to)).toEqual(expected);
    await write(join(hub.root, 'd/e/g'), WHEN);
    await utimes(join(hub.root, 'd/e'), OLD, OLD);
    await mirror(url, to);
    expect(await times(to)).toEqual(expected);
    await mirror(url, join(to, 'other'), false);
    expect(await isNow(join(to, 'other/d/e'))).toBe(true);
  });

  it('keep their times by put -r, whatever else changes in them', async () => {
    const hub = await startHub({ writable: true });
    const from = await tempDir();
    await tree(from);
    const url = new URL('/files/up/', hub.running.url);
    const options = { path: from, url, stallMs: 1500, emit, signal, remove: true };
    await putDirectory(options);
    expect(await times(join(hub.root, 'up'))).toEqual(expected);
    await write(join(hub.root, 'up/d/e/extra'), WHEN);
    await putDirectory(options);
    expect(await times(join(hub.root, 'up'))).toEqual(expected);
    await putDirectory({ ...options, url: new URL('../not/', url), preserve: false });
    expect(await isNow(join(hub.root, 'not/d/e'))).toBe(true);
  });
});

describe('put and put -r', () => {
  it('bring files that have the same bytes already to the time and the executable bit', async () => {
    const hub = await startHub({ writable: true });
    const from = await tempDir();
    const url = new URL('/files/', hub.running.url);
    for (const name of ['both', 'time', 'bit', 'same']) {
      await write(join(from, name), WHEN, 0o755, Buffer.from(name));
      await write(join(hub.root, name), new Date(0), 0o644, Buffer.from(name));
    }
    await utimes(join(hub.root, 'bit'), WHEN, WHEN);
    await chmod(join(hub.root, 'time'), 0o755);
    await utimes(join(hub.root, 'same'), WHEN, WHEN);
    await chmod(join(hub.root, 'same'), 0o755);
    const { ctimeMs } = await stat(join(hub.root, 'same'));
    const options = { path: from, url, stallMs: 1500, emit, signal, remove: false };
    expect(await putDirectory({ ...options, preserve: false })).toMatchObject({ sent: 0 });
    expect((await facts(join(hub.root, 'both')))[0]).toBe(new Date(0).toISOString());
    expect(await putDirectory(options)).toMatchObject({ sent: 0, unchanged: 4 });
    for (const name of ['both', 'time', 'bit', 'same'])
      expect(await facts(join(hub.root, name))).toEqual(['1999-09-09T09:09:09.000Z', '755']);
    expect((await stat(join(hub.root, 'same'))).ctimeMs).toBe(ctimeMs);
  });

  it('say so once where a hub sets no times without bytes', async () => {
    // A hub that may only be read refuses, as hubs that do not know the request do.
    const hub = await startHub();
    const from = await tempDir();
    for (const name of ['a', 'b', 'd/c']) {
      await write(join(from, name), WHEN, 0o755, Buffer.from(name));
      await write(join(hub.root, name), new Date(0), 0o644, Buffer.from(name));
    }
    const url = new URL('/files/', hub.running.url);
    const warnings: string[] = [];
    const told = (event: Event) => event.event === 'warned' && warnings.push(event.message);
    const options = { path: from, url, stallMs: 1500, signal, remove: false };
    expect(await putDirectory({ ...options, emit: told })).toMatchObject({ unchanged: 3 });
    expect(warnings).toEqual([expect.stringContaining('sets no times')]);
  });

  it('give the hub the time and the executable bit, by PUT and by tus', async () => {
    const hub = await startHub({ writable: true });
    const from = await tempDir();
    const url = new URL('/files/up/', hub.running.url);
    await write(join(from, 'run'), new Date(981_173_106_789), 0o700);
    await write(join(from, 'sub/big'), WHEN, 0o600, randomBytes(5_000_000));
    await write(join(from, 'sub/old'), new Date('1901-12-14T00:00:00Z'));
    const options = { path: from, url, stallMs: 1500, emit, signal, remove: false };
    await putDirectory(options);
    const up = join(hub.root, 'up');
    expect(await facts(join(up, 'run'))).toEqual(['2001-02-03T04:05:06.789Z', '755']);
    expect(await facts(join(up, 'sub/big'))).toEqual(['1999-09-09T09:09:09.000Z', '644']);
    expect(await facts(join(up, 'sub/old'))).toEqual(['1901-12-14T00:00:00.000Z', '644']);
    await putFile({ ...options, path: join(from, 'run'), preserve: false });
    expect(await isNow(join(up, 'run'))).toBe(true);
  });

  it('the hub takes X-OC-Mtime and Last-Modified, and does without odd ones', async () => {
    const hub = await startHub({ writable: true });
    const put = async (headers: Record<string, string>) => {
      const body = Buffer.from('x');
      const answer = await hub.ask('/files/f', { method: 'PUT', body, headers });
      expect(answer.status).toBeLessThan(300);
      return answer.headers['x-oc-mtime'];
    };
    expect(await put({ 'x-oc-mtime': '1000000000' })).toBe('accepted');
    expect((await facts(join(hub.root, 'f')))[0]).toBe('2001-09-09T01:46:40.000Z');
    expect(await put({ 'last-modified': WHEN.toUTCString() })).toBe('accepted');
    expect((await facts(join(hub.root, 'f')))[0]).toBe('1999-09-09T09:09:09.000Z');
    for (const odd of ['NaN', '-99999999999', '99999999999999', '1e9', 'soon']) {
      expect(await put({ 'x-oc-mtime': odd })).toBeUndefined();
      expect(await isNow(join(hub.root, 'f'))).toBe(true);
    }
  });
});

describe('files of odd times', () => {
  it('are listed, sent and packed', needs(LINUX, 'unzip', 'tar'), async () => {
    const hub = await startHub();
    // The file system keeps the nearest time that it can.
    for (const seconds of [-99_999_999_999, -2_177_452_800, -1, 4_354_819_200, 99_999_999_999_999])
      await write(join(hub.root, `f${seconds}`), new Date(0));
    for (const name of ['f-99999999999', 'f-2177452800', 'f-1', 'f4354819200', 'f99999999999999'])
      execFileSync('touch', ['-d', `@${name.slice(1)}`, join(hub.root, name)]);
    const listing = JSON.parse((await hub.ask('/files/?format=json')).text) as Listing;
    expect(listing.entries).toHaveLength(5);
    for (const { modified, url } of listing.entries) {
      expect(modified).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      const { status, headers } = await hub.ask(`/files/${url}`, { method: 'HEAD' });
      expect(status).toBe(200);
      const date = headers['last-modified'];
      if (date !== undefined) expect(parseHttpDate(date)).toBeDefined();
    }
    for (const format of ['zip', 'tar', 'tar.gz']) {
      const path = join(await tempDir(), `a.${format}`);
      await writeFile(path, (await hub.ask(`/files/?archive=${format}`)).body);
      const [program, args] = format === 'zip' ? ['unzip', ['-Z1']] : ['tar', ['tf']];
      const names = execFileSync(program as string, [...args, path], { encoding: 'utf8' });
      expect(names.trim().split('\n')).toHaveLength(6);
    }
  });
});
