// URLs of a hub that name something else than the command takes: what is meant is done, or said.
import { Writable } from 'node:stream';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { getTree } from '../../src/client/tree/get-tree.ts';
import { fetchListing } from '../../src/client/tree/remote/list.ts';
import { watchHub } from '../../src/client/watch/watch.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { startHub } from '../server/hub.ts';
import { removeTempDirs, startServer, tempDir } from './hub.ts';
import { runGet } from './run-get.ts';
import { contents, write } from './tree/trees.ts';

afterAll(removeTempDirs);

async function hub(): Promise<(path: string) => URL> {
  const root = await tempDir();
  await write(root, { 'page.html': '<p>', 'd x/f': 'f' });
  const { running } = await startHub({ root });
  return (path) => new URL(path, running.url);
}

async function mirror(url: URL) {
  const directory = `${await tempDir()}/new`;
  const events: Event[] = [];
  const failed = await getTree({
    url,
    directory,
    deleteExtras: false,
    timeoutMs: 2000,
    stdout: new Writable(),
    signal: new AbortController().signal,
    emit: (event) => void events.push(event),
  }).catch((error: Error) => error);
  return { failed, events, directory };
}

describe('get of a directory', () => {
  it('without a slash is wrong usage, and saves no page', async () => {
    const at = await hub();
    const output = await tempDir();
    const got = await runGet([at('files/d%20x')], { output });
    expect(got.error?.code).toBe('ERR_USAGE');
    expect(got.error?.message).toContain(`is a directory; -r fetches`);
    expect(await contents(output)).toEqual({});
  });

  it('with a slash is its page', async () => {
    const at = await hub();
    const got = await runGet([at('files/d%20x/')], { output: '-' });
    expect(got.error).toBeUndefined();
    expect(got.stdout.toString()).toContain('</html>');
  });

  it('is not mistaken for a page that is a file', async () => {
    const at = await hub();
    const got = await runGet([at('files/page.html')], { output: '-' });
    expect(got.stdout.toString()).toBe('<p>');
    const plain = await startServer((request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(request.method === 'HEAD' ? undefined : '<b>');
    });
    onTestFinished(plain.close);
    const page = await runGet([`${plain.origin}/files/page`], { output: '-' });
    expect(page.stdout.toString()).toBe('<b>');
  });
});

describe('get -r of a file', () => {
  it('fetches it into the directory, with a line', async () => {
    const at = await hub();
    const { failed, events, directory } = await mirror(at('files/d%20x/f'));
    expect(failed).toBeUndefined();
    expect(await contents(directory)).toEqual({ f: 'f' });
    expect(events).toContainEqual({
      event: 'warned',
      message: `${at('files/d%20x/f')} is a file: it is fetched into ${directory}`,
    });
  });

  it.each(['files/none', 'files/d%20x/f/'])('fails where there is none: %s', async (path) => {
    const at = await hub();
    const { failed } = await mirror(at(path));
    expect((failed as Error).message).toBe(`${at(path)}: 404 Not Found`);
  });
});

describe('a 404 of a hub for a URL without /files/', () => {
  const HINT = "a hub's files are below /files/, as in ";

  it('says where files are', async () => {
    const at = await hub();
    const hint = HINT + at('files/d%20x');
    expect((await runGet([at('d%20x')], { output: '-' })).error?.message).toContain(hint);
    expect(((await mirror(at('d%20x'))).failed as Error).message).toContain(hint);
    const { signal } = new AbortController();
    await expect(fetchListing(at('d%20x'), { stallMs: 2000 }, signal)).rejects.toThrow(hint);
  });

  it('is plain below /files/, and at another server', async () => {
    const at = await hub();
    const inside = await runGet([at('files/none')], { output: '-' });
    expect(inside.error?.message).toBe(`${at('files/none')}: 404 Not Found`);
    const plain = await startServer((_request, response) => response.writeHead(404).end('{}'));
    onTestFinished(plain.close);
    const outside = await runGet([`${plain.origin}/x`], { output: '-' });
    expect(outside.error?.message).toBe(`${plain.origin}/x: 404 Not Found`);
  });
});

describe('watch', () => {
  it.each([
    ['files/none', 404, 1],
    ['files/none/', 404, 1],
    ['files/d%20x', 200, 0],
    ['files/secret', 401, 0],
    ['files/', 404, 0],
    ['', 404, 0],
  ])(
    'of %s, where HEAD is answered with %i, tells so before it waits: %i',
    async (path, status, count) => {
      const listening = Promise.withResolvers<void>();
      const server = await startServer((request, response) => {
        if (request.method === 'HEAD') return response.writeHead(status).end();
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
        listening.resolve();
      });
      onTestFinished(server.close);
      const events: Event[] = [];
      const stop = new AbortController();
      const ended = watchHub({
        url: new URL(path, server.origin),
        via: 'sse',
        timeoutMs: 5000,
        take: () => true,
        clock: systemClock,
        emit: (event) => void events.push(event),
        signal: stop.signal,
      }).catch(() => undefined);
      await listening.promise;
      stop.abort();
      await ended;
      expect(events.filter(({ event }) => event === 'warned')).toHaveLength(count);
    },
  );
});
