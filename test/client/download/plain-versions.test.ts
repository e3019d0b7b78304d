// Servers that know ranges and not If-Range, and a file that becomes another one of the
// same length while it is fetched, or between two runs: no file may have bytes of both.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeContent,
  removeTempDirs,
  startHub,
  startServer,
  type TestServer,
  tempDir,
} from '../hub.ts';
import { runGet } from '../run-get.ts';

const LENGTH = 6 * 2 ** 20;
/** A break after so many bytes; most of them reach the client. */
const CUT = 4 * 2 ** 20;
const OLD = randomBytes(LENGTH);
const NEW = randomBytes(LENGTH);

const ago = (ms: number): string => new Date(Date.now() - ms).toUTCString();
const HOUR = ago(3_600_000);
const HALF = ago(1_800_000);

let target: string;
const servers: TestServer[] = [];
beforeEach(async () => {
  target = join(await tempDir(), 'got.bin');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

const files = async (): Promise<string[]> => (await readdir(join(target, '..'))).sort();

type Headers = Record<string, string>;

interface Rest {
  readonly status?: number;
  readonly headers: Headers;
  /** Of the new file, from there on. */
  readonly body?: (first: number) => Buffer;
}

/** Of the range that was asked for. */
const place = (first: number, length = LENGTH): string => `bytes ${first}-${length - 1}/${length}`;

/**
 * Sends some of the old file and breaks off; then has the new one.
 *
 * @param rest what a range is answered with then.
 */
async function changing(before: Headers, after: Headers, rest: (first: number) => Rest) {
  const state = { isOld: true, ranges: 0 };
  const server = await startServer((request: IncomingMessage, response: ServerResponse) => {
    const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const headers = state.isOld ? before : after;
    const bytes = state.isOld ? OLD : NEW;
    if (request.method === 'HEAD') {
      return response.writeHead(200, { ...headers, 'content-length': LENGTH }).end();
    }
    if (first !== undefined) {
      state.ranges++;
      const answer = rest(Number(first));
      const body = answer.body?.(Number(first)) ?? NEW.subarray(Number(first));
      response.writeHead(answer.status ?? 206, answer.headers);
      return response.end(body);
    }
    response.writeHead(200, { ...headers, 'content-length': LENGTH });
    if (!state.isOld) return response.end(bytes);
    state.isOld = false;
    return response.write(bytes.subarray(0, CUT), () => setTimeout(() => response.destroy(), 50));
  });
  servers.push(server);
  return { server, state };
}

const V1 = { etag: '"v1"' };
const V2 = { etag: '"v2"' };
const OF = (first: number): Headers => ({ 'content-range': place(first) });

const CASES: readonly [string, Headers, Headers, (first: number) => Rest][] = [
  ['another ETag', V1, V2, (first) => ({ headers: { ...V2, ...OF(first) } })],
  ['no validator', V1, {}, (first) => ({ headers: OF(first) })],
  [
    'another Last-Modified',
    { 'last-modified': HOUR },
    { 'last-modified': HALF },
    (first) => ({ headers: { 'last-modified': HALF, ...OF(first) } }),
  ],
  ['a date, and no validator', { 'last-modified': HOUR }, {}, (first) => ({ headers: OF(first) })],
  ['the weak form of its ETag', V1, V2, (first) => ({ headers: { etag: 'W/"v1"', ...OF(first) } })],
  [
    'a date instead of its ETag',
    { ...V1, 'last-modified': HOUR },
    V2,
    (first) => ({ headers: { 'last-modified': HOUR, ...OF(first) } }),
  ],
  [
    'another length',
    V1,
    V2,
    (first) => ({ headers: { ...V1, 'content-range': place(first, LENGTH + 5) } }),
  ],
  [
    'no length of the whole',
    V1,
    V2,
    (first) => ({ headers: { ...V1, 'content-range': `bytes ${first}-${LENGTH - 1}/*` } }),
  ],
  ['no Content-Range', V1, V2, () => ({ headers: V1 })],
  ['another range', V1, V2, (first) => ({ headers: { ...V1, 'content-range': place(first - 1) } })],
  [
    'more bytes than its range has',
    V1,
    V2,
    (first) => ({
      headers: { ...V1, 'content-range': `bytes ${first}-${first + 9}/${LENGTH}` },
    }),
  ],
  [
    'a length that is not that of its range',
    V1,
    V2,
    (first) => ({
      headers: { ...V1, ...OF(first), 'content-length': '10' },
      body: () => NEW.subarray(0, 10),
    }),
  ],
  [
    'several parts',
    V1,
    V2,
    (first) => ({
      headers: { ...V1, 'content-type': 'multipart/byteranges; boundary=x', ...OF(first) },
    }),
  ],
  [
    'an encoding',
    V1,
    V2,
    (first) => ({ headers: { ...V1, ...OF(first), 'content-encoding': 'gzip' } }),
  ],
  [
    '416',
    V1,
    V2,
    () => ({
      status: 416,
      headers: { 'content-range': `bytes */${LENGTH}` },
      body: () => Buffer.alloc(0),
    }),
  ],
  ['400', V1, V2, () => ({ status: 400, headers: {}, body: () => Buffer.from('no ranges') })],
];

describe('a download that broke off, of a file that became another', () => {
  it.each(CASES)(
    'is begun anew, in one run, when the rest has %s',
    async (_, before, after, rest) => {
      const { server, state } = await changing(before, after, rest);
      const got = await runGet([server.url], { output: target, timeoutMs: 5000 });
      expect(got.error).toBeUndefined();
      expect((await readFile(target)).equals(NEW)).toBe(true);
      expect(state.ranges).toBe(1);
      expect(await files()).toEqual(['got.bin']);
    },
  );

  it.each(CASES)(
    'is begun anew, by another run, when the rest has %s',
    async (_, before, after, rest) => {
      const { server, state } = await changing(before, after, rest);
      const abort = new AbortController();
      const first = await runGet([server.url], {
        output: target,
        signal: abort.signal,
        onEvent: ({ event }) => event === 'source_retried' && abort.abort(new Error('killed')),
      });
      expect(first.error?.message).toBe('killed');
      expect(await files()).toEqual(['got.bin.part', 'got.bin.part.json']);
      const got = await runGet([server.url], { output: target });
      expect(got.error).toBeUndefined();
      expect(got.all('warned')[0]?.message).toContain('cannot be continued');
      expect((await readFile(target)).equals(NEW)).toBe(true);
      expect(state.ranges).toBe(1);
      expect(await files()).toEqual(['got.bin']);
    },
  );

  it.each(CASES)('fails on a pipe, when the rest has %s', async (_, before, after, rest) => {
    const { server } = await changing(before, after, rest);
    const got = await runGet([server.url], { output: '-' });
    expect(got.error).toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
    expect(got.stdout.equals(OLD.subarray(0, got.stdout.length))).toBe(true);
  });

  it('goes on under a date that is strong', async () => {
    const dated = { 'last-modified': HOUR };
    const { server } = await changing(dated, dated, (first) => ({
      headers: { ...dated, ...OF(first) },
      body: (at) => OLD.subarray(at),
    }));
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(OLD)).toBe(true);
  });

  it('is not continued by its date where its ETag is weak', async () => {
    const weak = { etag: 'W/"v1"', 'last-modified': HOUR };
    const { server, state } = await changing(weak, weak, (first) => ({
      headers: { ...weak, ...OF(first) },
    }));
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(NEW)).toBe(true);
    expect(state.ranges).toBe(0);
  });

  it('is held against the digest of the version that it became', async () => {
    const sum = (bytes: Buffer): string =>
      `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    const [before, after] = [
      { ...V1, 'repr-digest': sum(OLD) },
      { ...V2, 'repr-digest': sum(NEW) },
    ];
    const { server } = await changing(before, after, (first) => ({
      headers: { ...after, ...OF(first) },
    }));
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(NEW)).toBe(true);
  });
});

describe('a part of an answer that nobody asked for', () => {
  it('is not taken for the whole', async () => {
    const server = await startServer((request, response) => {
      response.writeHead(request.method === 'HEAD' ? 200 : 206, {
        'content-range': 'bytes 0-99/*',
      });
      response.end(request.method === 'HEAD' ? undefined : NEW.subarray(0, 100));
    });
    servers.push(server);
    const got = await runGet([server.url], { output: target });
    expect(got.error?.message).toContain('another range');
    expect(await files()).toEqual([]);
  });
});

/** A server of ranges, with If-Range or without. */
async function ranged(headers: () => Headers, bytes: () => Buffer): Promise<TestServer> {
  const server = await startServer((request, response) => {
    const all = { 'accept-ranges': 'bytes', ...headers() };
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const whole = bytes();
    if (from === undefined || request.method === 'HEAD') {
      response.writeHead(200, { ...all, 'content-length': whole.length });
      return response.end(request.method === 'HEAD' ? undefined : whole);
    }
    const end = to ? Number(to) + 1 : whole.length;
    response.writeHead(206, {
      ...all,
      'content-range': `bytes ${from}-${end - 1}/${whole.length}`,
    });
    return response.end(whole.subarray(Number(from), end));
  });
  servers.push(server);
  return server;
}

describe('several plain servers that know no If-Range', () => {
  it.each([
    ['another ETag', V2],
    ['no ETag', {}],
    ['a weak ETag', { etag: 'W/"v1"' }],
  ])('are not joined when one answers with %s', async (_, later) => {
    let heads = 0;
    const a = await ranged(
      () => V1,
      () => OLD,
    );
    const b = await ranged(
      () => (heads++ === 0 ? V1 : later),
      () => NEW,
    );
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(OLD)).toBe(true);
  });

  it('are begun anew when the file became another at both', async () => {
    let asked = 0;
    // Two HEADs and some ranges have the old one.
    const isOld = (): boolean => asked < 4;
    const headers = (): Headers => {
      asked++;
      return isOld() ? V1 : V2;
    };
    const bytes = (): Buffer => (isOld() ? OLD : NEW);
    const [a, b] = [await ranged(headers, bytes), await ranged(headers, bytes)];
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(NEW)).toBe(true);
  });
});

describe('what bears the name of a part', () => {
  const leave = (bytes: Buffer, sidecar: object): Promise<unknown> =>
    Promise.all([
      writeFile(`${target}.part`, bytes),
      writeFile(`${target}.part.json`, JSON.stringify(sidecar)),
    ]);

  it.each([1, 2])('is begun anew when it is longer than the file (%i mirrors)', async (mirrors) => {
    const urls = [];
    for (let i = 0; i < mirrors; i++)
      urls.push(
        (
          await ranged(
            () => V1,
            () => NEW,
          )
        ).url,
      );
    const origin = { url: urls[0]!.href, validator: '"v1"', bytes: LENGTH };
    await leave(Buffer.concat([NEW, OLD]), origin);
    const got = await runGet(urls, { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(NEW)).toBe(true);
  });

  it('is begun anew when it is another file than the one that was noted', async () => {
    const { url } = await ranged(
      () => V1,
      () => NEW,
    );
    const part = OLD.subarray(0, CUT);
    await leave(part, { url: url.href, validator: '"v1"', bytes: LENGTH, inode: 1 });
    const got = await runGet([url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(NEW)).toBe(true);
  });

  it.each(['part', 'part.json'])('is not written through: a link at NAME.%s', async (suffix) => {
    const { url } = await ranged(
      () => V1,
      () => NEW,
    );
    const victim = join(target, '..', 'victim');
    await writeFile(victim, OLD.subarray(0, CUT));
    const origin = { url: url.href, validator: '"v1"', bytes: LENGTH };
    await leave(OLD.subarray(0, CUT), origin);
    await rm(`${target}.${suffix}`);
    await symlink(victim, `${target}.${suffix}`);
    const got = await runGet([url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(victim)).equals(OLD.subarray(0, CUT))).toBe(true);
    expect((await readFile(target)).equals(NEW)).toBe(true);
    expect(await files()).toEqual(['got.bin', 'victim']);
  });

  it('belongs to the run that began last, and no name gets bytes of two', async () => {
    let isOld = true;
    let stalled: ServerResponse | undefined;
    const server = await startServer((request, response) => {
      const headers = { ...(isOld ? V1 : V2), 'content-length': LENGTH };
      response.writeHead(200, headers);
      if (request.method === 'HEAD') return response.end();
      if (!isOld) return response.end(NEW);
      stalled = response;
      return response.write(OLD.subarray(0, CUT));
    });
    servers.push(server);
    const began = Promise.withResolvers<void>();
    const first = runGet([server.url], {
      output: target,
      timeoutMs: 10_000,
      onEvent: ({ event }) => event === 'transfer_progressed' && began.resolve(),
    });
    await began.promise;
    isOld = false;
    const second = await runGet([server.url], { output: target });
    expect(second.error).toBeUndefined();
    const { ino } = await stat(target);
    stalled!.end(OLD.subarray(CUT));
    expect((await first).error).toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
    expect((await stat(target)).ino).toBe(ino);
    expect((await readFile(target)).equals(NEW)).toBe(true);
  });
});

describe('a hub whose ranges make no sense', () => {
  it.each([
    ['206 without Content-Range', 206, {}],
    ['206 of another range', 206, { 'content-range': 'bytes 7-8/9' }],
    ['416', 416, {}],
  ])('is asked for all, and the part is kept: %s', async (_, status, headers) => {
    const content = await makeContent(LENGTH);
    let broken = false;
    const server = await startHub(content, (request, response) => {
      const { url, method } = request;
      if (method !== 'GET' || url !== '/files/content.bin') return false;
      if (broken && request.headers.range) {
        response.writeHead(status, headers).end();
        return true;
      }
      if (broken) return false;
      response.writeHead(200, { 'content-length': LENGTH });
      response.write(content.bytes.subarray(0, CUT), () => response.destroy());
      broken = true;
      return true;
    });
    servers.push(server);
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
  });
});
