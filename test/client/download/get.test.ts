import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Content,
  type Hook,
  makeContent,
  pacedHook,
  removeTempDirs,
  sendBytes,
  startHub,
  startServer,
  type TestServer,
  tempDir,
} from '../hub.ts';
import { runGet } from '../run-get.ts';

/** 16 pieces of 16 KiB and a shorter one. */
const LENGTH = 16 * 16 * 1024 + 777;
/** Larger than what sockets buffer: a server can be seen to be in the middle of it. */
const LARGE = 24 * 2 ** 20;

let content: Content;
let large: Content;
let target: string;
const servers: TestServer[] = [];

const hub = async (from: Content, hook?: Hook): Promise<TestServer> => {
  const server = await startHub(from, hook);
  servers.push(server);
  return server;
};
const plain = async (handle: Parameters<typeof startServer>[0]): Promise<TestServer> => {
  const server = await startServer(handle);
  servers.push(server);
  return server;
};
const isBulk: (path: string | undefined, method?: string) => boolean = (path, method) =>
  path === '/files/content.bin' && method !== 'HEAD';

beforeAll(async () => {
  content = await makeContent(LENGTH);
  large = await makeContent(LARGE, 256 * 1024);
  target = join(await tempDir(), 'got.bin');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  target = join(await tempDir(), 'got.bin');
});
afterAll(removeTempDirs);

const leftOvers = async (): Promise<string[]> => readdir(join(target, '..'));

describe('a verified download', () => {
  it('fetches the blocks, then everything in one response', async () => {
    const server = await hub(content);
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
    const cid = content.manifest.root.toString();
    expect(got.all('transfer_started')).toEqual([
      expect.objectContaining({ cid, bytes: LENGTH, pieces: 17, resumedBytes: 0, verified: true }),
    ]);
    // Pieces are written side by side: the order in which they are on disk is the disk's.
    const verified = got.all('piece_verified').map(({ piece }) => piece);
    expect(verified.toSorted((a, b) => a - b)).toEqual([...Array(17).keys()]);
    expect(got.all('transfer_completed')).toEqual([
      expect.objectContaining({ cid, path: target, bytes: LENGTH, name: 'content.bin' }),
    ]);
    expect(got.all('link_counted').at(-1)!.receivedBytes).toBeGreaterThanOrEqual(LENGTH);
    expect(server.seen).toEqual([
      'HEAD /files/content.bin',
      `GET /ipfs/${cid}?format=raw`,
      `GET /files/content.bin bytes=0-${LENGTH - 1}`,
    ]);
    expect(await leftOvers()).toEqual(['got.bin']);
  });

  it.each([0, 1, 16 * 1024, 16 * 1024 + 1])('fetches a file of %i bytes', async (length) => {
    const small = await makeContent(length);
    const got = await runGet([(await hub(small)).url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(small.bytes)).toBe(true);
  });

  it('writes to standard output in order', async () => {
    const got = await runGet([(await hub(content)).url], { output: '-' });
    expect(got.error).toBeUndefined();
    expect(got.stdout.equals(content.bytes)).toBe(true);
  });

  it('holds a downlink cap, and has the right bytes all the same', async () => {
    const downlinkBytesPerSecond = LENGTH;
    const startedAt = performance.now();
    const got = await runGet([(await hub(content)).url], {
      output: target,
      downlinkBytesPerSecond,
    });
    expect(got.error).toBeUndefined();
    // Blocks included, a little of credit excluded: no faster than the cap.
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
  });

  it('is done at once when the file is there already', async () => {
    await writeFile(target, content.bytes);
    const server = await hub(content);
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('transfer_started')[0]).toMatchObject({ resumedBytes: LENGTH });
    expect(server.seen.filter((line) => line.startsWith('GET /files'))).toEqual([]);
  });

  it('replaces another file that was named, and no other without --force', async () => {
    const server = await hub(content);
    await writeFile(target, 'something else');
    expect((await runGet([server.url], { output: target })).error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
    const derived = join(target, '..', 'content.bin');
    await writeFile(derived, 'something else');
    const into = join(target, '..');
    expect((await runGet([server.url], { output: into })).error?.code).toBe('ERR_EXISTS');
    expect(await readFile(derived, 'utf8')).toBe('something else');
    expect((await runGet([server.url], { output: into, force: true })).error).toBeUndefined();
    expect((await readFile(derived)).equals(content.bytes)).toBe(true);
  });

  it('fetches only what is missing when it is run again', async () => {
    let whole = false;
    const server = await hub(large, (request, response) => {
      if (whole || !isBulk(request.url, request.method)) return false;
      response.writeHead(206, {
        'content-length': LARGE,
        'content-range': `bytes 0-${LARGE - 1}/${LARGE}`,
      });
      response.write(large.bytes.subarray(0, LARGE / 2 + 1000), () => response.destroy());
      return true;
    });
    const abort = new AbortController();
    const first = await runGet([server.url], {
      output: target,
      signal: abort.signal,
      onEvent: ({ event }) => event === 'source_failed' && abort.abort(new Error('killed')),
    });
    expect(first.error?.message).toBe('killed');
    expect(await leftOvers()).toEqual([expect.stringMatching(/^got\.bin\..{8}\.part$/)]);
    whole = true;
    const second = await runGet([server.url], { output: target });
    expect(second.error).toBeUndefined();
    const { resumedBytes } = second.all('transfer_started')[0]!;
    expect(resumedBytes).toBe(first.all('piece_verified').length * 256 * 1024);
    expect(resumedBytes).toBeGreaterThan(0);
    expect(server.seen.at(-1)).toBe(`GET /files/content.bin bytes=${resumedBytes}-${LARGE - 1}`);
    expect((await readFile(target)).equals(large.bytes)).toBe(true);
  });

  it('follows a redirect to another hub', async () => {
    const server = await hub(content);
    const balancer = await plain((_, response) =>
      response.writeHead(307, { location: server.url.href }).end(),
    );
    const got = await runGet([balancer.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
  });
});

describe('mirrors', () => {
  it('fails over in the middle of a file and keeps what came', async () => {
    let cut = 0;
    const dying = await hub(large, (request, response) => {
      if (!isBulk(request.url, request.method)) return false;
      const [, first, last] = /=(\d+)-(\d+)/.exec(request.headers.range!)!.map(Number);
      response.writeHead(206, {
        'content-length': last! + 1 - first!,
        'content-range': `bytes ${first}-${last}/${LARGE}`,
      });
      response.write(large.bytes.subarray(first, first! + 600_000), () => response.destroy());
      cut++;
      return true;
    });
    const healthy = await hub(large, pacedHook(large, 16 * 2 ** 20));
    const got = await runGet([dying.url, healthy.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(cut).toBeGreaterThan(0);
    expect((await readFile(target)).equals(large.bytes)).toBe(true);
    expect(got.all('source_failed')[0]?.remote).toBe(dying.url.href);
    const from = new Set(got.all('piece_verified').map(({ remote }) => remote));
    expect(from).toEqual(new Set([dying.url.href, healthy.url.href]));
    expect(got.all('piece_verified')).toHaveLength(LARGE / (256 * 1024));
  });

  it('asks a mirror that sends wrong bytes no more', async () => {
    const wrong = Buffer.from(content.bytes.map((byte) => byte ^ 1));
    const liar = await hub(content, (request, response) => {
      if (!isBulk(request.url, request.method)) return false;
      sendBytes(wrong, request, response);
      return true;
    });
    const honest = await hub(content);
    const got = await runGet([liar.url, honest.url], { output: target });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
    // The next one may have come in the same read, and is looked at as well.
    const rejected = got.all('piece_rejected').map(({ piece, remote }) => `${piece} ${remote}`);
    expect([[`0 ${liar.url.href}`], [`0 ${liar.url.href}`, `1 ${liar.url.href}`]]).toContainEqual(
      rejected,
    );
    expect(got.all('source_failed')).toEqual([
      expect.objectContaining({ reason: 'sent wrong bytes for piece 0' }),
    ]);
    expect(got.all('source_retried')).toEqual([]);
    expect(liar.seen.filter((line) => line.startsWith('GET /files'))).toHaveLength(1);
  });

  it('publishes nothing when the only mirror sends wrong bytes', async () => {
    const liar = await hub(content, (request, response) => {
      if (!isBulk(request.url, request.method)) return false;
      sendBytes(Buffer.alloc(LENGTH), request, response);
      return true;
    });
    const got = await runGet([liar.url], { output: target });
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE' });
    expect(got.error?.message).toContain('wrong bytes');
    expect(await leftOvers()).not.toContain('got.bin');
    expect(got.all('transfer_failed')).toHaveLength(1);
  });

  it('refuses one that names another file, and says so', async () => {
    const other = await hub(await makeContent(LENGTH));
    const first = await hub(content);
    const got = await runGet([first.url, other.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('source_failed')).toEqual([
      expect.objectContaining({
        remote: other.url.href,
        reason: expect.stringContaining('has another file'),
      }),
    ]);
    expect(other.seen).toEqual(['HEAD /files/content.bin']);
  });

  it('takes bytes from one that knows no CID', async () => {
    const simple = await plain((request, response) => {
      if (request.url !== '/files/content.bin') return void response.writeHead(404).end();
      sendBytes(content.bytes, request, response);
    });
    const named = await hub(content, (request, response) => {
      if (!isBulk(request.url, request.method)) return false;
      response.writeHead(500).end();
      return true;
    });
    const got = await runGet([simple.url, named.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('transfer_started')[0]).toMatchObject({ verified: true });
    expect(new Set(got.all('piece_verified').map(({ remote }) => remote))).toEqual(
      new Set([simple.url.href]),
    );
  });

  it('picks the missing pieces out of whole answers of a server without ranges', async () => {
    let dies = true;
    const server = await hub(large, (request, response) => {
      if (!isBulk(request.url, request.method)) return false;
      response.writeHead(200, { 'content-length': LARGE });
      if (dies) response.write(large.bytes.subarray(0, LARGE / 2), () => response.destroy());
      else response.end(large.bytes);
      dies = false;
      return true;
    });
    const got = await runGet([server.url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('piece_verified')).toHaveLength(LARGE / (256 * 1024));
    expect((await readFile(target)).equals(large.bytes)).toBe(true);
  });

  it('with --cid holds the servers to it', async () => {
    const server = await hub(content);
    const { root } = (await makeContent(100)).manifest;
    const got = await runGet([server.url], { output: target, cid: root });
    expect(got.error?.message).toContain('has another file');
    const right = await runGet([server.url], { output: target, cid: content.manifest.root });
    expect(right.error).toBeUndefined();
  });

  it('with --cid of one piece needs no blocks at all', async () => {
    const small = await makeContent(1000);
    const server = await plain((request, response) => {
      if (request.url !== '/files/content.bin') return void response.writeHead(404).end();
      sendBytes(small.bytes, request, response);
    });
    const got = await runGet([server.url], { output: target, cid: small.manifest.root });
    expect(got.error).toBeUndefined();
    expect(got.all('transfer_started')[0]).toMatchObject({ verified: true });
  });

  it('gets blocks elsewhere when a mirror sends wrong ones', async () => {
    const liar = await hub(content, (request, response) => {
      if (!request.url?.startsWith('/ipfs/')) return false;
      response.end('not the block');
      return true;
    });
    const got = await runGet([liar.url, (await hub(content)).url], { output: target });
    expect(got.error).toBeUndefined();
    expect(got.all('source_failed')[0]?.reason).toContain('wrong bytes for block');
  });
});

describe('a server that fails', () => {
  it.each([404, 403, 410])('gives up at once on %i', async (status) => {
    const server = await plain((_, response) => response.writeHead(status).end());
    const got = await runGet([server.url], { output: target, timeoutMs: 60_000 });
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE' });
    expect(got.error?.message).toContain(`${server.url.href}: ${status}`);
    expect(await leftOvers()).toEqual([]);
  });

  it('honours Retry-After of a 503', async () => {
    // HEAD, and GET in its place.
    let busy = 2;
    const server = await hub(content, (_, response) => {
      if (busy === 0) return false;
      busy--;
      response.writeHead(503, { 'retry-after': '1' }).end();
      return true;
    });
    const got = await runGet([server.url], { output: target, timeoutMs: 5000 });
    expect(got.error).toBeUndefined();
    expect(got.all('source_retried')).toEqual([
      { event: 'source_retried', remote: server.url.href, attempt: 1, delayMs: 1000 },
    ]);
  });

  it('gives up after the time without progress, with the reason', async () => {
    const server = await plain(() => undefined);
    const { url } = server;
    await server.close();
    const got = await runGet([url], { output: target, timeoutMs: 300 });
    expect(got.error?.message).toBe(
      `${url.href}: connection refused; gave up after 0.3 s without progress`,
    );
  });

  it('leaves one that stalls, and fetches from it later', async () => {
    let stalls = true;
    const server = await hub(content, (request, response) => {
      if (!stalls || !isBulk(request.url, request.method)) return false;
      stalls = false;
      response.writeHead(206, {
        'content-length': LENGTH,
        'content-range': `bytes 0-${LENGTH - 1}/${LENGTH}`,
      });
      response.write(content.bytes.subarray(0, 40_000));
      return true;
    });
    const got = await runGet([server.url], { output: target, stallMs: 300 });
    expect(got.error).toBeUndefined();
    expect(got.all('source_failed')[0]?.reason).toContain('sent nothing for 0.3 s');
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
  });

  it('stops when it dies in the same piece over and over', async () => {
    const server = await hub(content, (request, response) => {
      if (!isBulk(request.url, request.method)) return false;
      response.writeHead(206, {
        'content-length': LENGTH,
        'content-range': `bytes 0-${LENGTH - 1}/${LENGTH}`,
      });
      response.write(content.bytes.subarray(0, 5000), () => response.destroy());
      return true;
    });
    const got = await runGet([server.url], { output: target, timeoutMs: 1000 });
    expect(got.error?.message).toContain('gave up after 1 s without progress');
  });

  it('creates nothing where it may not', async () => {
    const got = await runGet([(await hub(content)).url], {
      output: join(target, '..', 'no', 'such', 'file'),
    });
    expect(got.error).toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(stat(join(target, '..', 'no'))).rejects.toThrow();
  });
});
