// Requests that nobody means well with, against a hub that takes uploads: each gets
// its status, the process goes on, and what lies under the root is what lay there.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MOUNTS, needs } from '../../support/needs.ts';
import { type Hub, startHub, tempRoot } from '../hub.ts';
import { wireAnswer } from '../wire.ts';

const MIB = 2 ** 20;

/** Every name below a directory with what it holds: all that a request could have changed. */
async function snapshot(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const stats = await lstat(join(root, name));
    const bytes = stats.isFile() ? await readFile(join(root, name)) : Buffer.alloc(0);
    const hash = createHash('sha256').update(bytes).digest('hex');
    found[name] = `${stats.mode} ${stats.ino} ${stats.mtimeMs} ${hash}`;
  }
  return found;
}

async function treasure(): Promise<{ root: string; outside: string }> {
  const root = await tempRoot();
  const outside = await tempRoot();
  await writeFile(join(outside, 'secret'), 'secret');
  await mkdir(join(root, 'dir'));
  await writeFile(join(root, 'dir', 'f'), 'public');
  await writeFile(join(root, 'f'), 'public');
  await writeFile(join(root, '.hidden'), 'secret');
  await symlink(join(outside, 'secret'), join(root, 'out'));
  await symlink(outside, join(root, 'outdir'));
  await symlink('/dev/zero', join(root, 'zero'));
  await symlink('/proc/self/environ', join(root, 'environ'));
  await symlink('.hidden', join(root, 'to-hidden'));
  await symlink('loop', join(root, 'loop'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  return { root, outside };
}

async function socketIn(root: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(join(root, 'socket'), done));
  onTestFinished(() => void server.close());
}

const wire = (hub: Hub, request: string) => wireAnswer(hub.socket(), request);
const alive = async (hub: Hub): Promise<string> => (await hub.ask('/files/f')).text;

/** Names that lead nowhere good, with what GET and PUT say to each. */
const PATHS: readonly (readonly [path: string, get: number, put: number])[] = [
  ['/files/../secret', 400, 400],
  ['/files/%2e%2e/secret', 400, 400],
  ['/files/%2E./secret', 400, 400],
  ['/files/dir/../../secret', 400, 400],
  ['/files/..%2fsecret', 400, 400],
  ['/files/..%5csecret', 400, 400],
  ['/files/dir%2f..%2f..%2fsecret', 400, 400],
  ['/files/%252e%252e%252fsecret', 404, 201],
  ['/files/%c0%ae%c0%ae/secret', 400, 400],
  ['/files/%uff0e%uff0e/secret', 400, 400],
  ['/files/\u002e\u002e;/secret', 404, 403],
  ['/files/f%00.txt', 400, 400],
  ['/files/%00', 400, 400],
  ['/files//etc/passwd', 400, 400],
  ['/files/%2fetc%2fpasswd', 400, 400],
  ['/files/out', 403, 403],
  ['/files/outdir/secret', 403, 403],
  ['/files/outdir/new', 404, 403],
  ['/files/zero', 403, 403],
  ['/files/environ', 403, 403],
  ['/files/fifo', 403, 403],
  ['/files/socket', 403, 403],
  // An upload replaces a link, and not what it leads to.
  ['/files/to-hidden', 404, 201],
  ['/files/.hidden', 404, 403],
  ['/files/dir/.git/config', 404, 403],
  ['/files/loop', 404, 201],
  // Not as a router reads it that knows more schemes, or repairs backslashes.
  ['ftp://hub/files/f', 404, 404],
  ['ftp://hub/files/', 404, 404],
  ['ftp://hub/events', 404, 404],
  ['ftp://hub/metrics', 404, 404],
  ['ftp://hub/', 404, 404],
  ['/files\\dir#', 404, 404],
  [`/files/${'n'.repeat(256)}`, 414, 414],
  [`/files/${'n'.repeat(5000)}`, 414, 414],
  [`/files/${'%F0%9F%92%A9'.repeat(64)}`, 414, 414],
  [`/files/${'d/'.repeat(2100)}f`, 414, 414],
];

describe('a path', () => {
  it('is read inside the root or not at all', async () => {
    const { root, outside } = await treasure();
    await socketIn(root);
    const hub = await startHub({ root });
    const before = [await snapshot(root), await snapshot(outside)];
    const found: [string, number][] = [];
    for (const [path] of PATHS) {
      const answer = await hub.ask(path);
      found.push([path, answer.status]);
      expect(answer.text).not.toMatch(/secret|PATH=/);
      expect(answer.text).not.toContain(tmpdir());
    }
    expect(found).toEqual(PATHS.map(([path, get]) => [path, get]));
    expect([await snapshot(root), await snapshot(outside)]).toEqual(before);
    expect(await alive(hub)).toBe('public');
  });

  it('is written inside the root or not at all', async () => {
    const { root, outside } = await treasure();
    await socketIn(root);
    const hub = await startHub({ root, writable: true });
    const refused = PATHS.filter(([, , put]) => put >= 400);
    const before = [await snapshot(root), await snapshot(outside)];
    const found: [string, number][] = [];
    for (const [path] of refused) {
      const headers = { 'content-length': 4 };
      const answer = await hub.ask(path, { method: 'PUT', body: Buffer.from('evil'), headers });
      found.push([path, answer.status]);
      expect(answer.text).not.toContain(tmpdir());
    }
    expect(found).toEqual(refused.map(([path, , put]) => [path, put]));
    expect([await snapshot(root), await snapshot(outside)]).toEqual(before);
    // Escaped twice, the dots are a name like any other.
    const odd = await hub.ask('/files/%252e%252e%252fx', { method: 'PUT', body: Buffer.from('x') });
    expect(odd.status).toBe(201);
    expect(await readFile(join(root, '%2e%2e%2fx'), 'utf8')).toBe('x');
  });
});

describe('a body', () => {
  it('longer than declared ends where it was declared, and so does the connection', async () => {
    const hub = await startHub({ writable: true });
    const put = 'PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n';
    const { status, text } = await wire(hub, `${put}publicDELETE everything\r\n\r\n`);
    expect(status).toBe(201);
    expect(text).toContain('HTTP/1.1 400 ');
    expect(await alive(hub)).toBe('public');
  });

  it.each([
    ['shorter than declared', 'Content-Length: 100\r\n\r\nhalf'],
    ['with its last chunk missing', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['with a chunk that is no chunk', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'],
    [
      'with a chunk of a size without end',
      `Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(40)}\r\nx`,
    ],
  ])('%s leaves nothing', async (_what, rest) => {
    const { root } = await treasure();
    const hub = await startHub({ root, writable: true });
    const before = await snapshot(root);
    const socket = hub.socket();
    socket.end(`PUT /files/f HTTP/1.1\r\nHost: x\r\n${rest}`);
    await hub.until('request_completed', ({ method }) => method === 'PUT');
    await expect.poll(() => snapshot(root)).toEqual(before);
    expect(await alive(hub)).toBe('public');
  });

  it('hidden behind another is not a second request', async () => {
    const { root } = await treasure();
    const hub = await startHub({ root, writable: true });
    const before = await snapshot(root);
    const smuggled = 'PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nevil';
    const shapes = [
      `Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked`,
      `Transfer-Encoding: chunked\r\nContent-Length: ${smuggled.length}`,
      'Transfer-Encoding : chunked',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
      'Transfer-Encoding: x\r\n chunked',
      'Transfer-Encoding: chunked, x',
      'Transfer-Encoding:\x0bchunked',
      `Content-Length: 0\r\nContent-Length: ${smuggled.length}`,
      'Content-Length: 0x0',
      'Content-Length: 0\nTransfer-Encoding: chunked',
    ];
    for (const shape of shapes) {
      const head = `POST /files/f HTTP/1.1\r\nHost: x\r\n${shape}\r\n\r\n`;
      const { status } = await wire(hub, `${head}0\r\n\r\n${smuggled}`);
      expect([400, 405, 501]).toContain(status);
    }
    expect(await snapshot(root)).toEqual(before);
    expect(hub.events.some(({ event }) => event === 'file_stored')).toBe(false);
  });
});

describe('a flood', () => {
  it.each([
    ['of one field', `X: ${'a'.repeat(100_000)}`, 431],
    ['of fields', Array.from({ length: 5000 }, (_, i) => `X-${i}: y`).join('\r\n'), 431],
    ['of ranges', `Range: bytes=${'0-,'.repeat(4000)}`, 200],
    ['of overlapping ranges', `Range: bytes=${'0-5,1-4,'.repeat(8)}`, 206],
    ['of tags', `If-None-Match: ${'"a",'.repeat(3000)}"b"`, 200],
    ['of tags that are none', `If-None-Match: ${'"'.repeat(12_000)}`, 200],
    ['of codings', `Accept-Encoding: ${'gzip;q=0.1,'.repeat(1000)}`, 200],
    ['of digests', `Want-Repr-Digest: ${'sha-256=1,'.repeat(1000)}sha-256=1`, 200],
    ['of spaces', `Range: ${' '.repeat(8000)}bytes=${' '.repeat(6000)}0-1`, 206],
  ])('%s', async (_what, field, status) => {
    const { root } = await treasure();
    const hub = await startHub({ root });
    const request = `GET /files/f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${field}\r\n\r\n`;
    expect((await wire(hub, request)).status).toBe(status);
    expect(await alive(hub)).toBe('public');
  });

  it('for a tunnel ends nothing when it is reset before its answer', async () => {
    const { root } = await treasure();
    const hub = await startHub({ root });
    for (const method of ['CONNECT', 'NONSENSE']) {
      const socket = hub.socket();
      await once(socket, 'connect');
      // Both are there before the hub reads, so that its answer meets the reset.
      socket.write(`${method} x:80 HTTP/1.1\r\nHost: x\r\n\r\n`);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    expect(await alive(hub)).toBe('public');
  });

  it('of noise is answered in HTTP or cut, and the next request as ever', async () => {
    const { root } = await treasure();
    const hub = await startHub({ root, writable: true });
    const before = await snapshot(root);
    const line = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('Host: x', '', 'X: y'));
    const target = fc.string({ maxLength: 30 }).map((text) => `/files/${text}`);
    const request = fc
      .tuple(
        fc.constantFrom('GET', 'PUT', 'HEAD', 'POST', '', '\x16\x03\x01'),
        target,
        fc.array(line),
      )
      .map(
        ([method, path, lines]) =>
          `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`,
      );
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        const socket = hub.socket();
        socket.setTimeout(5000, () => socket.destroy());
        socket.end(Buffer.from(text, 'latin1'));
        const { status, text: rest } = await wireAnswer(socket, Buffer.alloc(0));
        if (status === 0) expect(rest).toBe('');
        else expect(status).not.toBe(500);
      }),
      { numRuns: 60 },
    );
    // A short name may have come up and been stored; nothing that was there has changed.
    expect(await snapshot(root)).toMatchObject(before);
    expect(await alive(hub)).toBe('public');
  });
});

describe('a file', () => {
  it('that becomes shorter while it is sent cuts the connection', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 8 * MIB });
    const path = join(hub.root, 'f');
    await writeFile(path, randomBytes(4 * MIB));
    const answer = hub.ask('/files/f').catch((error: Error) => error);
    await hub.until('link_counted');
    await truncate(path, MIB);
    expect(await answer).toBeInstanceOf(Error);
    expect(await hub.until('request_completed')).toMatchObject({ whole: false });
    await writeFile(path, 'public');
    expect(await alive(hub)).toBe('public');
  });

  it('is whole or not there when the disk is full', needs(MOUNTS), async () => {
    const root = await tempRoot();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'hubswarm-test', root]);
    try {
      await writeFile(join(root, 'f'), 'public');
      const hub = await startHub({ root, writable: true });
      // Without a length the end is only found by writing.
      const headers = { 'transfer-encoding': 'chunked' };
      const body = randomBytes(8 * MIB);
      const answer = await hub
        .ask('/files/big', { method: 'PUT', body, headers })
        .catch(() => null);
      // The refusal may come while the client still writes, which then sees a reset.
      if (answer) expect(answer.status).toBe(507);
      await expect.poll(() => readdir(root)).toEqual(['f']);
      expect(await alive(hub)).toBe('public');
      await hub.running.stop();
    } finally {
      execFileSync('umount', ['-l', root]);
    }
  });
});
