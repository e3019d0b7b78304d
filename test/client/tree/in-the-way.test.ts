// What stands in the way of a mirror is not deleted for something that then does not come.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
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

/** The status with which a request is refused; undefined: the hub answers it. */
type Refuses = (method: string, path: string) => number | undefined;

/** A real hub that refuses some requests. */
async function startRefusing(refuses: Refuses, options: HubOptions = {}): Promise<URL> {
  const { running } = await startHub({ ...options, root: served, writable: true });
  const pass = (from: IncomingMessage, to: ServerResponse): void => {
    const { method = '', url = '', headers } = from;
    const status = refuses(method, url);
    if (status !== undefined) return void to.writeHead(status).end();
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
