// Mirrors that name no CID, held together by an ETag or a digest, and mirrors that a
// server names in its Link header.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeContent,
  removeTempDirs,
  sendBytes,
  startHub,
  startServer,
  type TestServer,
  tempDir,
} from '../hub.ts';
import { runGet } from '../run-get.ts';

const MIB = 2 ** 20;
const BYTES = randomBytes(8 * MIB + 4321);
const OTHER = randomBytes(BYTES.length);
const sum = (bytes: Buffer): string =>
  `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

let target: string;
const servers: TestServer[] = [];

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function start(handler: Handler): Promise<TestServer> {
  const server = await startServer(handler);
  servers.push(server);
  return server;
}

/** A server of these bytes with these headers. */
function serve(
  headers: Record<string, string | string[]>,
  bytes: Buffer = BYTES,
): Promise<TestServer> {
  return start((request, response) => {
    response.setHeader('accept-ranges', 'bytes');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const ifRange = request.headers['if-range'];
    if (ifRange !== undefined && ifRange !== headers.etag) delete request.headers.range;
    sendBytes(bytes, request, response);
  });
}

const gets = ({ seen }: TestServer): string[] => seen.filter((line) => line.startsWith('GET'));

beforeEach(async () => {
  target = join(await tempDir(), 'got.bin');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

describe('several plain servers', () => {
  it.each([
    ['one strong ETag', { etag: '"v1"' }, { etag: '"v1"' }],
    ['one digest', { 'repr-digest': sum(BYTES), etag: '"1"' }, { 'repr-digest': sum(BYTES) }],
  ])('are used at once when they name %s', async (_, one, two) => {
    const [a, b] = [await serve(one), await serve(two)];
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(BYTES)).toBe(true);
    expect(gets(a).length).toBeGreaterThan(0);
    expect(gets(b).length).toBeGreaterThan(0);
    expect(await readdir(join(target, '..'))).toEqual(['got.bin']);
  });

  it.each([
    ['weak ETags', { etag: 'W/"v1"' }, { etag: 'W/"v1"' }],
    ['different ETags', { etag: '"v1"' }, { etag: '"v2"' }],
    ['no ranges', { etag: '"v1"', 'accept-ranges': 'none' }, { etag: '"v1"' }],
    ['nothing', {}, {}],
    [
      'different digests',
      { etag: '"v1"', 'repr-digest': sum(BYTES) },
      { etag: '"v1"', 'repr-digest': sum(OTHER) },
    ],
  ])('are used one at a time when they name %s', async (_, one, two) => {
    const [a, b] = [await serve(one), await serve(two)];
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(BYTES)).toBe(true);
    expect(gets(a)).toHaveLength(1);
    expect(gets(b)).toEqual([]);
  });

  it('give standard output its bytes in order', async () => {
    const [a, b] = [await serve({ etag: '"v1"' }), await serve({ etag: '"v1"' })];
    const got = await runGet([a.url, b.url], { output: '-' });
    expect(got.error).toBeUndefined();
    expect(got.stdout.equals(BYTES)).toBe(true);
  });

  it('go on from what an earlier run left', async () => {
    const [a, b] = [await serve({ etag: '"v1"' }), await serve({ etag: '"v1"' })];
    await writeFile(`${target}.part`, BYTES.subarray(0, 5 * MIB + 77));
    const origin = { url: a.url.href, validator: '"v1"', bytes: BYTES.length };
    await writeFile(`${target}.part.json`, JSON.stringify(origin));
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('transfer_started')[0]).toMatchObject({ resumedBytes: 5 * MIB });
    expect((await readFile(target)).equals(BYTES)).toBe(true);
  });

  it('drop one whose file changes meanwhile', async () => {
    const changing = { etag: '"v1"' };
    const a = await start((request, response) => {
      response.setHeader('accept-ranges', 'bytes');
      response.setHeader('etag', changing.etag);
      if (request.method === 'HEAD') return sendBytes(BYTES, request, response);
      changing.etag = '"v2"';
      response.setHeader('etag', '"v2"');
      response.writeHead(200, { 'content-length': OTHER.length }).end(OTHER);
    });
    const b = await serve({ etag: '"v1"' });
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('source_failed')).toEqual([
      expect.objectContaining({ reason: 'has another version of the file by now' }),
    ]);
    expect((await readFile(target)).equals(BYTES)).toBe(true);
  });
});

describe('a digest that a server names', () => {
  it.each([
    ['repr-digest', sum(BYTES)],
    ['digest', sum(BYTES).replace('=:', '=').replace(/:$/, '')],
  ])('is held: %s', async (name, value) => {
    const server = await serve({ [name]: value });
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('transfer_started')[0]).toMatchObject({ verified: true });
  });

  it('makes a corrupt file fail, and nothing is left of it', async () => {
    const server = await serve({ 'repr-digest': sum(OTHER), etag: '"v1"' });
    const got = await runGet([server.url], { output: target });
    expect(got.error?.message).toContain('do not match the digest it names');
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE' });
    expect((await runGet([server.url], { output: '-' })).error).toMatchObject({
      code: 'ERR_HASH_MISMATCH',
    });
    expect((await readdir(join(target, '..'))).filter((name) => !name.endsWith('.part'))).toEqual(
      [],
    );
  });

  it('fails several mirrors as well when it does not match', async () => {
    const headers = { 'repr-digest': sum(OTHER), etag: '"v1"' };
    const [a, b] = [await serve(headers), await serve(headers)];
    const got = await runGet([a.url, b.url], { output: target });
    expect(got.error).toMatchObject({ code: 'ERR_HASH_MISMATCH' });
    expect(await readdir(join(target, '..'))).toEqual([]);
  });

  it('holds for a partial that is gone on with', async () => {
    const server = await serve({ 'repr-digest': sum(BYTES), etag: '"v1"' });
    const wrong = Buffer.from(BYTES.subarray(0, 3 * MIB));
    wrong[100]! ^= 1;
    await writeFile(`${target}.part`, wrong);
    const origin = { url: server.url.href, validator: '"v1"', bytes: BYTES.length };
    await writeFile(`${target}.part.json`, JSON.stringify(origin));
    const got = await runGet([server.url], { output: target });
    expect(got.error?.message).toContain('do not match the digest');
    expect((await runGet([server.url], { output: target })).error).toBeUndefined();
    expect((await readFile(target)).equals(BYTES)).toBe(true);
  });
});

describe('mirrors that a server names', () => {
  it('are used as well, without the credentials of the first', async () => {
    const content = await makeContent(8 * MIB, 256 * 1024);
    const seen: (string | undefined)[] = [];
    const other = await startHub(content, (request) => {
      seen.push(request.headers.authorization);
      return false;
    });
    const first = await startHub(content, (_, response) => {
      response.setHeader('link', `<${other.url.href}>; rel=duplicate; pri=1`);
      return false;
    });
    servers.push(other, first);
    const url = new URL(first.url);
    url.username = 'me';
    url.password = 'secret';
    const got = await runGet([url], { output: target });
    expect(got.error).toBeUndefined();
    expect(gets(other).length).toBeGreaterThan(0);
    expect(seen.filter(Boolean)).toEqual([]);
    const before = seen.length;
    const off = await runGet([url], { output: `${target}2`, followMirrors: false });
    expect(off.error).toBeUndefined();
    expect(seen).toHaveLength(before);
  });

  it('are of no use without a CID unless they name the same file', async () => {
    const same = await serve({ etag: '"v1"' });
    const different = await serve({ etag: '"v2"' }, OTHER);
    const gone = await serve({});
    await gone.close();
    const links = [same, different, gone].map(({ url }) => `<${url.href}>; rel=duplicate`);
    const first = await serve({ etag: '"v1"', link: links });
    const got = await runGet([first.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(BYTES)).toBe(true);
    expect(gets(same).length).toBeGreaterThan(0);
    expect(gets(different)).toEqual([]);
  });
});
