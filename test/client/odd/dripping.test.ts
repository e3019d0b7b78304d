// A server that is the only one, and drips: whatever it is asked for, it does not hold who waits.
import { writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getTree } from '../../../src/client/tree/get-tree.ts';
import { putDirectory } from '../../../src/client/tree/put-directory.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { tempRoot } from '../../server/hub.ts';
import { runGet } from '../run-get.ts';

/** Time that passes with each byte, by the clock of the test: less than the timeout. */
const BETWEEN_MS = 29_000;
const TIMEOUT_MS = 30_000;
const GIVEN_UP = 'sent less than 512 B/s for 10 minutes';
const NAMED = `${GIVEN_UP}; --min-rate none waits for it`;

const closers: (() => void)[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => {
  vi.useRealTimers();
  for (const close of closers.splice(0)) close();
});

/** Bytes that were dripped in all. */
let dripped = 0;

/** Sends the text byte by byte, half a minute each; without an end if `rest` is given. */
function drip(response: ServerResponse | Socket, text: string, rest?: string): void {
  let at = 0;
  const timer = setInterval(() => {
    vi.advanceTimersByTime(BETWEEN_MS);
    dripped++;
    response.write(text[at++] ?? rest ?? '');
    if (rest === undefined && at === text.length) response.end();
  }, 2);
  const stop = (): void => clearInterval(timer);
  response.on('close', stop).on('finish', stop);
}

/** A server of whatever bytes. */
async function serveRaw(
  answer: (socket: Socket, path: string, method: string) => void,
): Promise<URL> {
  dripped = 0;
  const server = createTcpServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const [method = '', path = ''] = head.split(' ');
      head = '';
      answer(socket, path, method);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => void server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

type Answer = (response: ServerResponse, path: string, method: string) => void;

async function serve(answer: Answer): Promise<{ url: URL; seen: string[] }> {
  dripped = 0;
  const seen: string[] = [];
  const server = createServer(({ url = '', method = '' }, response) => {
    seen.push(`${method} ${url}`);
    answer(response, url, method);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), seen };
}

const FILE = 'x'.repeat(40);

describe('a file that drips', () => {
  it.each<[string, Record<string, string>]>([
    ['with a validator', { etag: '"a"', 'content-length': '100000' }],
    ['without one', { 'content-length': '100000' }],
    ['without a length', {}],
  ])('%s is given up, and not asked for again', async (_, headers) => {
    const { url, seen } = await serve((response, __, method) => {
      response.writeHead(200, headers);
      if (method === 'HEAD') return void response.end();
      response.flushHeaders();
      drip(response, '', 'x');
    });
    const got = await runGet([url], { output: '-', timeoutMs: TIMEOUT_MS, minBytesPerSecond: 512 });
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE', message: `${url}: ${NAMED}` });
    expect(got.all('warned')).toEqual([]);
    expect(seen).toEqual(['HEAD /', 'GET /']);
    expect(dripped).toBeLessThan(30);
  });

  it('comes whole where the user has it so', async () => {
    const { url } = await serve((response, _, method) => {
      response.writeHead(200, { 'content-length': FILE.length });
      if (method === 'HEAD') return void response.end();
      response.flushHeaders();
      drip(response, FILE);
    });
    const got = await runGet([url], { output: '-', timeoutMs: TIMEOUT_MS, minBytesPerSecond: 0 });
    expect(got.error).toBeUndefined();
    expect(got.stdout.toString()).toBe(FILE);
  });

  it('is given up where the other mirrors drip too', async () => {
    const answer: Answer = (response, _, method) => {
      response.writeHead(200, { etag: '"a"', 'content-length': '100000' });
      if (method === 'HEAD') return void response.end();
      response.flushHeaders();
      drip(response, '', 'x');
    };
    const [a, b] = [await serve(answer), await serve(answer)];
    const got = await runGet([a.url, b.url], { output: '-', timeoutMs: TIMEOUT_MS });
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE' });
    expect(got.error?.message).toContain(GIVEN_UP);
  });
});

describe('a directory that drips', () => {
  const entries = Array.from({ length: 200 }, (_, i) => ({ name: `f${i}`, type: 'file', size: 3 }));
  const LISTING = JSON.stringify({ path: '/', entries });

  async function mirror(url: URL) {
    const directory = join(await tempRoot(), 'copy');
    const events: Event[] = [];
    const gone = getTree({
      url,
      directory,
      deleteExtras: false,
      timeoutMs: TIMEOUT_MS,
      minBytesPerSecond: 512,
      stdout: process.stdout,
      emit: (event) => void events.push(event),
      signal: new AbortController().signal,
    }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    return { error: await gone, events };
  }

  it('in its listing is given up', async () => {
    const { url, seen } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      drip(response, '', ' ');
    });
    const { error } = await mirror(url);
    expect(error?.message).toBe(`${url}: ${NAMED}`);
    expect(seen).toHaveLength(1);
  });

  it('in small files, each of which ends, is given up in one line', async () => {
    const { url } = await serve((response, path, method) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      if (path === '/') return void response.end(LISTING);
      if (method === 'HEAD') return void response.end();
      response.flushHeaders();
      drip(response, 'abc');
    });
    const { error, events } = await mirror(url);
    expect(error?.message).toBe(`${url}: ${NAMED}`);
    expect(events.filter(({ event }) => event === 'path_differed')).toEqual([]);
    expect(dripped).toBeLessThan(3 * entries.length);
  });

  it('in the heads of small files, each of which ends in its time, is given up in one line', async () => {
    const text = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n`;
    const url = await serveRaw((socket, path) => {
      if (path === '/') return void socket.end(`${text(LISTING)}\r\n${LISTING}`);
      drip(socket, `${text('abc')}\r\nabc`);
    });
    const { error, events } = await mirror(url);
    expect(error?.message).toBe(`${url}: ${NAMED}`);
    expect(events.filter(({ event }) => event === 'path_differed')).toEqual([]);
    // Ten minutes for all files together.
    expect(dripped).toBeLessThan(3 * entries.length);
  });

  it('is fetched where each file needs half a minute of thought', async () => {
    const url = await serveRaw((socket, path) => {
      const body = path === '/' ? LISTING : 'abc';
      if (path !== '/') vi.advanceTimersByTime(BETWEEN_MS);
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    expect((await mirror(url)).error).toBeUndefined();
  });
});

describe('a hub that drips while it is sent to', () => {
  it('in its answers ends put -r in one line', async () => {
    const from = await tempRoot();
    for (let i = 0; i < 50; i++) await writeFile(join(from, `f${i}`), 'abc');
    const url = await serveRaw((socket, _, method) => {
      if (method !== 'PUT') return void socket.end('HTTP/1.1 404 N\r\ncontent-length: 0\r\n\r\n');
      drip(socket, 'HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n');
    });
    const sending = putDirectory({
      path: from,
      url,
      remove: false,
      stallMs: TIMEOUT_MS,
      minBytesPerSecond: 512,
      emit: () => undefined,
      signal: new AbortController().signal,
    });
    await expect(sending).rejects.toThrow(
      `${url}: took less than 512 B/s for 10 minutes; --min-rate none waits for it`,
    );
  });
});
