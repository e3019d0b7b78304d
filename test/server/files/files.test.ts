import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importPath } from '../../../src/disk/import/import.ts';
import { needs, POSIX } from '../../support/needs.ts';
import { startHub, tempRoot } from '../hub.ts';

const MIB = 2 ** 20;

describe('GET /files/<path>', () => {
  it('sends a file whole, with the root CID as its ETag', async () => {
    const hub = await startHub();
    const bytes = randomBytes(3 * MIB + 17);
    await writeFile(join(hub.root, 'a \u20ac.txt'), bytes);
    const { manifest } = await importPath(join(hub.root, 'a \u20ac.txt'));
    const answer = await hub.ask('/files/a%20%E2%82%AC.txt');
    expect(answer.status).toBe(200);
    expect(answer.body.equals(bytes)).toBe(true);
    expect(answer.headers).toMatchObject({
      etag: `"${manifest.root}"`,
      'x-ipfs-roots': `${manifest.root}`,
      'accept-ranges': 'bytes',
      'content-length': String(bytes.length),
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers['content-disposition']).toContain("filename*=UTF-8''a%20%E2%82%AC.txt");
    await expect(hub.until('request_completed')).resolves.toMatchObject({
      method: 'GET',
      status: 200,
      bytes: bytes.length,
      whole: true,
    });
  });

  it('answers HEAD with the fields of GET and no body', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'hello');
    const get = await hub.ask('/files/f');
    const head = await hub.ask('/files/f', { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    const { date: _get, ...expected } = get.headers;
    expect(head.headers).toMatchObject(expected);
  });

  it('sends an empty file', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'empty'), '');
    expect(await hub.ask('/files/empty')).toMatchObject({ status: 200, text: '' });
    const ranged = await hub.ask('/files/empty', { headers: { range: 'bytes=0-' } });
    expect(ranged.status).toBe(416);
  });

  it.each([
    ['bytes=0-4', 206, 'bytes 0-4/1048576', 0, 5],
    ['bytes=1048570-', 206, 'bytes 1048570-1048575/1048576', 1_048_570, MIB],
    ['bytes=-6', 206, 'bytes 1048570-1048575/1048576', 1_048_570, MIB],
    ['bytes=524280-524300', 206, 'bytes 524280-524300/1048576', 524_280, 524_301],
    ['bytes=5-2', 200, undefined, 0, MIB],
    ['bytes=1048576-', 416, 'bytes */1048576', 0, 0],
  ])('answers Range: %s with %i', async (range, status, contentRange, from, to) => {
    const hub = await startHub();
    const bytes = randomBytes(MIB);
    await writeFile(join(hub.root, 'f'), bytes);
    const answer = await hub.ask('/files/f', { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(contentRange);
    if (status !== 416) expect(answer.body.equals(bytes.subarray(from, to))).toBe(true);
  });

  it('sends several ranges as multipart/byteranges', async () => {
    const hub = await startHub();
    const bytes = randomBytes(1000);
    await writeFile(join(hub.root, 'f.bin'), bytes);
    const answer = await hub.ask('/files/f.bin', { headers: { range: 'bytes=0-9,500-509' } });
    expect(answer.status).toBe(206);
    const boundary = /boundary=(\S+)/.exec(answer.headers['content-type']!)![1];
    const part = (from: number, to: number): string =>
      `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Range: bytes ${from}-${to - 1}/1000\r\n\r\n${bytes.subarray(from, to).toString('latin1')}`;
    expect(answer.body.toString('latin1')).toBe(
      `${part(0, 10)}${part(500, 510)}\r\n--${boundary}--\r\n`,
    );
  });

  it('honours the tag it gave, and no other', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'one');
    const { etag } = (await hub.ask('/files/f')).headers;
    const ask = (headers: Record<string, string>) => hub.ask('/files/f', { headers });
    const unchanged = await ask({ 'if-none-match': etag! });
    expect(unchanged).toMatchObject({ status: 304, text: '' });
    expect(unchanged.headers.etag).toBe(etag);
    expect((await ask({ 'if-match': '"other"' })).status).toBe(412);
    expect((await ask({ range: 'bytes=1-', 'if-range': etag! })).text).toBe('ne');
    expect((await ask({ range: 'bytes=1-', 'if-range': `W/${etag}` })).text).toBe('one');
    await writeFile(join(hub.root, 'f'), 'two');
    const changed = await ask({ range: 'bytes=1-', 'if-range': etag!, 'if-none-match': etag! });
    expect(changed).toMatchObject({ status: 200, text: 'two' });
    expect(changed.headers.etag).not.toBe(etag);
  });

  it('hashes a file once however many ask', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), randomBytes(4 * MIB));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => hub.ask('/files/f', { method: 'HEAD' })),
    );
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(1);
  });

  it('cuts a response off when its file changes, and never sends another version', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 8 * MIB });
    const path = join(hub.root, 'f');
    await writeFile(path, Buffer.alloc(4 * MIB, 1));
    const answer = hub.ask('/files/f').catch((error: Error) => error);
    await hub.until('link_counted');
    await writeFile(path, Buffer.alloc(4 * MIB, 2));
    expect(await answer).toBeInstanceOf(Error);
    await expect(hub.until('request_completed')).resolves.toMatchObject({ whole: false });
  });

  it('goes on with the old version when its file is replaced by another', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 8 * MIB });
    await writeFile(join(hub.root, 'f'), Buffer.alloc(2 * MIB, 1));
    const answer = hub.ask('/files/f');
    await hub.until('link_counted');
    await writeFile(join(hub.root, 'g'), Buffer.alloc(2 * MIB, 2));
    await rename(join(hub.root, 'g'), join(hub.root, 'f'));
    expect((await answer).body.equals(Buffer.alloc(2 * MIB, 1))).toBe(true);
    expect((await hub.ask('/files/f')).body[0]).toBe(2);
  });

  it('logs a client that leaves as cut off', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), '');
    await truncate(join(hub.root, 'f'), 64 * MIB);
    const socket = hub.socket();
    socket.write('GET /files/f HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.once('data', () => socket.destroy());
    const { whole, bytes } = await hub.until('request_completed');
    expect(whole).toBe(false);
    expect(bytes).toBeLessThan(64 * MIB);
  });

  it('dates a file by its modification time', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'x');
    await utimes(join(hub.root, 'f'), 1000, 1000);
    const answer = await hub.ask('/files/f');
    expect(answer.headers['last-modified']).toBe('Thu, 01 Jan 1970 00:16:40 GMT');
    const since = { 'if-modified-since': 'Thu, 01 Jan 1970 00:16:40 GMT' };
    expect((await hub.ask('/files/f', { headers: since })).status).toBe(304);
  });

  it('gives it no date while other bytes may get the same', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'x');
    // Of a second that is never over during the test.
    const ahead = new Date(Date.now() + 60_000);
    await utimes(join(hub.root, 'f'), ahead, ahead);
    const headers = { 'if-modified-since': ahead.toUTCString() };
    for (const asked of [{}, headers, { ...headers, 'accept-encoding': 'gzip' }]) {
      const answer = await hub.ask('/files/f', { headers: asked });
      expect(answer).toMatchObject({ status: 200, text: 'x' });
      expect(answer.headers.etag).toBeDefined();
      expect(answer.headers['last-modified']).toBe(undefined);
    }
  });
});

describe('paths', () => {
  it('stay inside the root', async () => {
    const root = await tempRoot();
    const outside = await tempRoot();
    await writeFile(join(outside, 'secret'), 'secret');
    await writeFile(join(root, '.hidden'), 'secret');
    await mkdir(join(root, 'dir'));
    await writeFile(join(root, 'dir', 'f'), 'public');
    await symlink(join(outside, 'secret'), join(root, 'out'));
    await symlink(outside, join(root, 'outdir'));
    await symlink('.hidden', join(root, 'to-hidden'));
    await symlink('dir/f', join(root, 'inside'));
    await symlink('nowhere', join(root, 'dangling'));
    await symlink('loop', join(root, 'loop'));
    const hub = await startHub({ root });
    const statuses: Record<string, number> = {
      '/files/inside': 200,
      '/files/out': 403,
      '/files/outdir/secret': 403,
      '/files/outdir/': 403,
      '/files/to-hidden': 404,
      '/files/.hidden': 404,
      '/files/dangling': 404,
      '/files/loop': 404,
      '/files/dir/f/': 404,
      '/files/dir/f/x': 404,
      '/files/../etc/passwd': 400,
      '/files/%2e%2e/x': 400,
      '/files/..%2f..%2fetc%2fpasswd': 400,
      '/files/%00': 400,
      '/files/%ff': 400,
      '/files/%': 400,
      [`/files/${'a'.repeat(5000)}`]: 414,
      [`/files${root}/dir/f`]: 404,
      '//files/dir/f': 404,
      '/FILES/dir/f': 404,
    };
    const found: Record<string, number> = {};
    for (const path of Object.keys(statuses)) {
      const answer = await hub.ask(path);
      found[path] = answer.status;
      expect(answer.text).not.toContain('secret');
      expect(answer.text).not.toContain(tmpdir());
      expect(answer.text.trim().split('\n')).toHaveLength(1);
    }
    expect(found).toEqual(statuses);
    const absolute = await hub.ask('http://elsewhere/files/dir/f');
    expect(absolute.text).toBe('public');
  });

  it('refuses a FIFO at once', needs(POSIX), async () => {
    const hub = await startHub();
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(hub.root, 'fifo')]);
    expect(await hub.ask('/files/fifo')).toMatchObject({
      status: 403,
      text: 'not a regular file\n',
    });
  });
});

it('a name without an extension is no type, whatever it spells', async () => {
  const root = await tempRoot();
  await writeFile(join(root, 'html'), '<p>');
  const hub = await startHub({ root });
  const { headers } = await hub.ask('/files/html');
  expect(headers['content-type']).toBe('application/octet-stream');
});
