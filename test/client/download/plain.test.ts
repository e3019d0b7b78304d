import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeTempDirs, sendBytes, startServer, type TestServer, tempDir } from '../hub.ts';
import { runGet } from '../run-get.ts';

/** Over what sockets buffer, so that a server can be seen in the middle of it. */
const LENGTH = 16 * 2 ** 20;
const VERSION_1 = randomBytes(LENGTH);
const VERSION_2 = randomBytes(LENGTH);

let target: string;
const servers: TestServer[] = [];
const serve = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> => {
  const server = await startServer(handle);
  servers.push(server);
  return server;
};

beforeEach(async () => {
  target = join(await tempDir(), 'got.bin');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

const files = async (): Promise<string[]> => (await readdir(join(target, '..'))).sort();

/** Sends 9 MiB of the answer and dies, until told otherwise. */
function dying(headers: Record<string, string>, bytes: () => Buffer) {
  const state = { dies: true };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const ifRange = request.headers['if-range'];
    if (ifRange !== undefined && ifRange !== headers.etag) delete request.headers.range;
    if (request.method === 'HEAD' || !state.dies) return sendBytes(bytes(), request, response);
    response.writeHead(200, { 'content-length': LENGTH });
    response.write(bytes().subarray(0, 9 * 2 ** 20), () => response.destroy());
  };
  return { state, handle };
}

const untilFailure = async (url: URL): Promise<void> => {
  const abort = new AbortController();
  const got = await runGet([url], {
    output: target,
    signal: abort.signal,
    onEvent: ({ event }) => event === 'source_retried' && abort.abort(new Error('killed')),
  });
  expect(got.error?.message).toBe('killed');
};

describe('a download from a plain server', () => {
  it('says that nothing was verified', async () => {
    const server = await serve((request, response) => sendBytes(VERSION_1, request, response));
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(VERSION_1)).toBe(true);
    expect(got.all('transfer_started')[0]).toMatchObject({ verified: false, bytes: LENGTH });
    expect(got.all('transfer_completed')[0]).not.toHaveProperty('cid');
    expect(await files()).toEqual(['got.bin']);
  });

  it('goes on where another run broke off, under a strong validator', async () => {
    const { state, handle } = dying({ etag: '"v1"' }, () => VERSION_1);
    const server = await serve(handle);
    await untilFailure(server.url);
    expect(await files()).toEqual(['got.bin.part', 'got.bin.part.json']);
    state.dies = false;
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    const { resumedBytes } = got.all('transfer_started')[0]!;
    expect(resumedBytes).toBeGreaterThan(0);
    expect(server.seen.at(-1)).toBe(`GET /files/content.bin bytes=${resumedBytes}-`);
    expect((await readFile(target)).equals(VERSION_1)).toBe(true);
    expect(await files()).toEqual(['got.bin']);
  });

  it('never joins two versions of a file', async () => {
    const headers = { etag: '"v1"' };
    let bytes = VERSION_1;
    const { state, handle } = dying(headers, () => bytes);
    const server = await serve(handle);
    await untilFailure(server.url);
    headers.etag = '"v2"';
    bytes = VERSION_2;
    state.dies = false;
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(VERSION_2)).toBe(true);
  });

  it.each([
    ['a weak ETag', { etag: 'W/"v1"' }],
    ['no validator', {}],
    [
      'a date too close to now',
      { 'last-modified': new Date().toUTCString(), date: new Date().toUTCString() },
    ],
  ])('starts anew with %s, and leaves no partial', async (_, headers) => {
    const { state, handle } = dying(headers, () => VERSION_1);
    const server = await serve(handle);
    await untilFailure(server.url);
    expect(await files()).toEqual([]);
    state.dies = false;
    const got = await runGet([server.url], { output: target });
    expect(got.all('transfer_started')[0]?.resumedBytes).toBe(0);
    expect((await readFile(target)).equals(VERSION_1)).toBe(true);
  });

  it('works without a length and without ranges', async () => {
    const server = await serve((request, response) => {
      response.writeHead(200);
      // Without Content-Length node:http sends chunks.
      response.end(request.method === 'HEAD' ? undefined : VERSION_1);
    });
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(VERSION_1)).toBe(true);
  });

  it('does not take a cut-off chunked answer for the whole', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(200).end();
      response.writeHead(200);
      response.write(VERSION_1.subarray(0, 100_000), () => response.destroy());
    });
    const got = await runGet([server.url], { output: target, timeoutMs: 300 });
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE' });
    expect(await files()).toEqual([]);
  });

  it('says that an encoding was not asked for, and goes on in it', async () => {
    const { state, handle } = dying({ etag: '"v1"', 'content-encoding': 'gzip' }, () => VERSION_1);
    const server = await serve(handle);
    await untilFailure(server.url);
    state.dies = false;
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(VERSION_1)).toBe(true);
    expect(got.all('transfer_started')[0]?.resumedBytes).toBeGreaterThan(0);
    expect(got.all('warned')[0]?.message).toContain('coded as gzip');
  });

  it('asks with GET where HEAD is not known', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(405).end();
      sendBytes(VERSION_1, request, response);
    });
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(VERSION_1)).toBe(true);
  });

  it('says of a named CID that it is of no use, and goes on unverified', async () => {
    const cid = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/ipfs/')) return void response.writeHead(404).end();
      response.setHeader('etag', `"${cid.replace('bafkrei', 'bafybei')}"`);
      sendBytes(VERSION_1, request, response);
    });
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('warned')[0]?.message).toContain('of no use');
    expect(got.all('transfer_started')[0]).toMatchObject({ verified: false });
  });

  it('refuses an existing file of a derived name before any byte', async () => {
    const server = await serve((request, response) => sendBytes(VERSION_1, request, response));
    const into = join(target, '..');
    expect((await runGet([server.url], { output: into })).error).toBeUndefined();
    const again = await runGet([server.url], { output: into });
    expect(again.error).toMatchObject({ code: 'ERR_EXISTS' });
    expect(server.seen.at(-1)).toMatch(/^HEAD/);
  });
});
