import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub, tempRoot } from '../hub.ts';

const put = (hub: Hub, path: string, body: Buffer | string, headers = {}) =>
  hub.ask(path, { method: 'PUT', body: Buffer.from(body), headers });

/** Names anywhere below the root, hidden ones too. */
const everything = async (hub: Hub): Promise<string[]> =>
  (await readdir(hub.root, { recursive: true })).sort();

describe('PUT /files/<path>', () => {
  it('stores a file, makes its parents, and says where and as what', async () => {
    const hub = await startHub({ writable: true });
    const bytes = randomBytes(2 ** 20 * 3 + 5);
    const created = await put(hub, '/files/a/b%20c/f', bytes);
    expect(created.status).toBe(201);
    expect(created.headers.location).toBe(`http://127.0.0.1:${hub.port}/files/a/b%20c/f`);
    expect((await readFile(join(hub.root, 'a/b c/f'))).equals(bytes)).toBe(true);
    const got = await hub.ask('/files/a/b%20c/f');
    expect(got.body.equals(bytes)).toBe(true);
    expect(created.headers.etag).toBe(got.headers.etag);
    expect(await hub.until('file_stored')).toMatchObject({
      path: 'a/b c/f',
      bytes: bytes.length,
    });
    const replaced = await put(hub, '/files/a/b%20c/f', 'new');
    expect(replaced.status).toBe(204);
    expect((await hub.ask('/files/a/b%20c/f')).text).toBe('new');
    expect(await everything(hub)).toEqual(['a', 'a/b c', 'a/b c/f']);
  });

  it('takes a chunked body, an empty one, and names of the greatest length', async () => {
    const hub = await startHub({ writable: true });
    const long = 'n'.repeat(255);
    expect((await put(hub, '/files/c', 'chunked', { 'transfer-encoding': 'chunked' })).status).toBe(
      201,
    );
    expect((await put(hub, '/files/e', '')).status).toBe(201);
    expect((await put(hub, `/files/${long}`, 'long')).status).toBe(201);
    expect((await hub.ask('/files/c')).text).toBe('chunked');
    expect((await hub.ask('/files/e')).text).toBe('');
    expect((await hub.ask(`/files/${long}`)).text).toBe('long');
  });

  it('keeps the mode of a file that it replaces, and replaces nothing but files', async () => {
    const hub = await startHub({ writable: true });
    await writeFile(join(hub.root, 'run'), 'old');
    await chmod(join(hub.root, 'run'), 0o4751);
    expect((await put(hub, '/files/run', 'new')).status).toBe(204);
    expect((await stat(join(hub.root, 'run'))).mode & 0o7777).toBe(0o751);
    await promisify(execFile)('mkfifo', [join(hub.root, 'pipe')]);
    expect((await put(hub, '/files/pipe', 'new')).status).toBeGreaterThanOrEqual(400);
    expect((await lstat(join(hub.root, 'pipe'))).isFIFO()).toBe(true);
  });

  it('is refused unless it was allowed, and says how to', async () => {
    const hub = await startHub();
    const answer = await put(hub, '/files/f', 'x');
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('--writable');
    expect(await everything(hub)).toEqual([]);
  });

  it('refuses before it asks for the body', async () => {
    const hub = await startHub();
    const socket = hub.socket();
    socket.write(
      'PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
    );
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(first.toString()).toMatch(/^HTTP\/1\.1 403 /);
  });

  it.each([
    ['/files/', {}, 409],
    ['/files/dir', {}, 409],
    ['/files/dir/', {}, 409],
    ['/files/file/below', {}, 409],
    ['/files/out/f', {}, 403],
    ['/files/.hidden', {}, 403],
    ['/files/.git/config', {}, 403],
    ['/files/../f', {}, 400],
    ['/files/a%2fb', {}, 400],
    ['/files/f', { 'content-range': 'bytes 0-0/2' }, 400],
    ['/files/f', { 'content-encoding': 'gzip' }, 415],
    ['/files/file', { 'if-none-match': '*' }, 412],
    ['/files/file', { 'if-match': '"other"' }, 412],
    ['/files/f', { 'if-match': '*' }, 412],
    ['/healthz', {}, 405],
  ])('answers %s %o with %i and leaves nothing', async (path, headers, status) => {
    const hub = await startHub({ writable: true });
    const outside = await tempRoot();
    await mkdir(join(hub.root, 'dir'));
    await writeFile(join(hub.root, 'file'), 'old');
    await symlink(outside, join(hub.root, 'out'));
    const before = await everything(hub);
    expect((await put(hub, path, 'x', headers)).status).toBe(status);
    expect(await everything(hub)).toEqual(before);
    expect(await readdir(outside)).toEqual([]);
    expect(await readFile(join(hub.root, 'file'), 'utf8')).toBe('old');
  });

  it('replaces the version that was named', async () => {
    const hub = await startHub({ writable: true });
    const { etag } = (await put(hub, '/files/f', 'one')).headers;
    expect((await put(hub, '/files/f', 'two', { 'if-match': etag })).status).toBe(204);
    expect((await put(hub, '/files/f', 'three', { 'if-match': etag })).status).toBe(412);
    expect((await hub.ask('/files/f')).text).toBe('two');
  });

  it('lets one of many create a name, and never mixes those who replace it', async () => {
    const hub = await startHub({ writable: true });
    const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc(300_000, i + 1));
    const created = await Promise.all(
      bodies.map((body) => put(hub, '/files/once', body, { 'if-none-match': '*' })),
    );
    expect(created.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(412)]);
    await Promise.all(bodies.map((body) => put(hub, '/files/f', body)));
    const last = await readFile(join(hub.root, 'f'));
    expect(bodies.some((body) => body.equals(last))).toBe(true);
    expect(await everything(hub)).toEqual(['f', 'once']);
  });

  it('removes what came of an upload that ended too soon', async () => {
    const hub = await startHub({ writable: true });
    const socket = hub.socket();
    socket.write('PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
    await expect
      .poll(() => everything(hub))
      .toEqual([expect.stringMatching(/^\.f\.[0-9a-f]{16}\.part$/)]);
    expect((await hub.ask('/files/')).text).not.toContain('.part');
    socket.destroy();
    await expect.poll(() => everything(hub)).toEqual([]);
    expect(hub.events.some(({ event }) => event === 'file_stored')).toBe(false);
  });

  it('removes at the start what a crash left, by its exact name, if it takes uploads', async () => {
    const root = await tempRoot();
    await mkdir(join(root, 'dir'));
    const leftover = 'dir/.f.0123456789abcdef.part';
    // The clock was set back since.
    const ahead = 'dir/.g.0123456789abcdef.part';
    const others = ['.f.part', 'dir/.f.0123456789abcdeg.part', 'dir/f.0123456789abcdef.part'];
    // Of another hub over the same root, under way.
    others.push('dir/.young.0123456789abcdef.part');
    for (const name of [leftover, ahead, ...others]) await writeFile(join(root, name), 'x');
    await utimes(join(root, leftover), 1000, 1000);
    await utimes(join(root, ahead), 4e9, 4e9);
    const reading = await startHub({ root });
    await reading.running.stop();
    expect(await everything(reading)).toContain(leftover);
    const hub = await startHub({ root, writable: true });
    await expect.poll(() => everything(hub)).toEqual(['dir', ...others].sort());
  });
});
