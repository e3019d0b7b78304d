// A file that is here already is asked about, not fetched.
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DownloadRecords } from '../../../src/client/download/download-records.ts';
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

const BYTES = randomBytes(300_000);

let target: string;
let directory: string;
let records: DownloadRecords;
const servers: TestServer[] = [];

/** One that knows preconditions, as most do. */
async function conditional(headers: Record<string, string>): Promise<TestServer> {
  const server = await startServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const asked = request.headers['if-none-match'] ?? request.headers['if-modified-since'];
    if (asked !== undefined && asked === (headers.etag ?? headers['last-modified'])) {
      return response.writeHead(304).end();
    }
    return sendBytes(BYTES, request, response);
  });
  servers.push(server);
  return server;
}

beforeEach(async () => {
  target = join(await tempDir(), 'got.bin');
  directory = join(await tempDir(), 'deep', 'downloads');
  records = new DownloadRecords(directory);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeTempDirs);

describe('a second get of the same', () => {
  it.each([
    ['an ETag', { etag: '"v1"' }],
    ['a date', { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }],
  ])('asks with %s and moves nothing', async (_, headers) => {
    const server = await conditional(headers);
    expect((await runGet([server.url], { output: target, records })).error).toBeUndefined();
    const before = server.seen.length;
    const again = await runGet([server.url], { output: target, records });
    expect(again.error).toBeUndefined();
    expect(server.seen.slice(before)).toEqual(['HEAD /files/content.bin']);
    expect(again.all('transfer_completed')).toEqual([
      expect.objectContaining({ unchanged: true, path: target, bytes: BYTES.length }),
    ]);
    expect(again.all('transfer_started')).toEqual([]);
  });

  it('to an open descriptor is written again', async () => {
    const server = await conditional({ etag: '"v1"' });
    const handle = await open(target, 'a');
    try {
      for (let times = 1; times <= 2; times++) {
        const got = await runGet([server.url], { output: `/dev/fd/${handle.fd}`, records });
        expect(got.error).toBeUndefined();
        expect((await stat(target)).size).toBe(times * BYTES.length);
      }
    } finally {
      await handle.close();
    }
  });

  it('is known in a directory, whatever name the server gave', async () => {
    const server = await conditional({
      etag: '"v1"',
      'content-disposition': 'attachment; filename="other.bin"',
    });
    const into = join(target, '..');
    expect((await runGet([server.url], { output: into, records })).error).toBeUndefined();
    const again = await runGet([server.url], { output: into, records });
    expect(again.error).toBeUndefined();
    expect(again.all('transfer_completed')[0]).toMatchObject({
      unchanged: true,
      path: join(into, 'other.bin'),
    });
  });

  it('works with a hub, and with --cid', async () => {
    const content = await makeContent(100_000);
    const root = content.manifest.root.toString();
    const server = await startHub(content, (request, response) => {
      if (request.headers['if-none-match'] !== `"${root}"`) return false;
      response.writeHead(304, { etag: `"${root}"` }).end();
      return true;
    });
    servers.push(server);
    await runGet([server.url], { output: target, records });
    const cid = content.manifest.root;
    const again = await runGet([server.url], { output: target, records, cid });
    expect(again.all('transfer_completed')[0]).toMatchObject({ unchanged: true });
    const other = (await makeContent(5)).manifest.root;
    const wrong = await runGet([server.url], { output: target, records, cid: other });
    expect(wrong.error?.message).toContain('has another file');
  });

  it.each([
    ['the file was written to', () => writeFile(target, randomBytes(BYTES.length))],
    ['the file was touched', () => utimes(target, 1, 1)],
    ['the file is shorter', () => writeFile(target, 'short')],
  ])('fetches again when %s', async (_, change) => {
    const server = await conditional({ etag: '"v1"' });
    await runGet([server.url], { output: target, records });
    await change();
    const again = await runGet([server.url], { output: target, records });
    expect(again.error).toBeUndefined();
    expect(again.all('transfer_completed')[0]).not.toHaveProperty('unchanged');
    expect((await readFile(target)).equals(BYTES)).toBe(true);
  });

  it('fetches again when the server has another version, or is asked to with --force', async () => {
    const headers = { etag: '"v1"' };
    const server = await conditional(headers);
    await runGet([server.url], { output: target, records });
    const forced = await runGet([server.url], { output: target, records, force: true });
    expect(forced.all('transfer_started')).toHaveLength(1);
    headers.etag = '"v2"';
    const changed = await runGet([server.url], { output: target, records });
    expect(changed.all('transfer_started')).toHaveLength(1);
  });
});

describe('the records', () => {
  it('are private, and nothing is left aside', async () => {
    const server = await conditional({ etag: '"v1"' });
    await runGet([server.url], { output: target, records });
    const names = await readdir(directory);
    expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
    expect((await stat(join(directory, names[0]!))).mode & 0o077).toBe(0);
  });

  it.each(['', '{', 'null', '{"url":1}'])('may hold anything: %j', async (text) => {
    const server = await conditional({ etag: '"v1"' });
    await runGet([server.url], { output: target, records });
    const [name] = await readdir(directory);
    await writeFile(join(directory, name!), text);
    const again = await runGet([server.url], { output: target, records });
    expect(again.error).toBeUndefined();
    expect(again.all('transfer_started')).toHaveLength(1);
  });

  it('are not kept where they cannot be, and the download is whole', async () => {
    const server = await conditional({ etag: '"v1"' });
    const blocked = new DownloadRecords(join(target, 'below', 'a', 'file'));
    const got = await runGet([server.url], { output: target, records: blocked });
    expect(got.error).toBeUndefined();
  });

  it('are kept up to a number, the newest', async () => {
    const headers = new Map([['etag', '"v1"']]);
    await writeFile(target, 'x');
    for (let i = 0; i < 8; i++) await records.note(`http://a/${i}`, `${i}`, target, headers);
    await writeFile(join(directory, 'left-over.json.tmp'), '');
    const names = await readdir(directory);
    for (const [i, name] of names.entries()) await utimes(join(directory, name), i + 1, i + 1);
    await records.prune(3);
    const kept = await readdir(directory);
    expect(kept).toHaveLength(3);
    expect(kept).not.toContain('left-over.json.tmp');
  });
});
