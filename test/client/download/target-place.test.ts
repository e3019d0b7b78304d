// What lies where a download is to go: files keep their mode, links are followed, what is no
// file is written through, and nothing waits for a pipe's reader.
import { execFile, spawn } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putText } from '../../../src/disk/place/target-place.ts';
import { needs, ROOT } from '../../support/needs.ts';
import {
  type Content,
  makeContent,
  removeTempDirs,
  sendBytes,
  startHub,
  startServer,
  type TestServer,
  tempDir,
} from '../hub.ts';
import { runGet } from '../run-get.ts';

const execute = promisify(execFile);
const LENGTH = 3 * 2 ** 20;

let content: Content;
let directory: string;
let target: string;
const servers: Record<string, TestServer> = {};

beforeAll(async () => {
  content = await makeContent(LENGTH);
  servers['a hub'] = await startHub(content);
  servers['a plain server'] = await startServer((request, response) =>
    sendBytes(content.bytes, request, response),
  );
});
beforeEach(async () => {
  directory = await tempDir();
  target = join(directory, 'got');
});
const running: { kill(): boolean }[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill();
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.close();
  await removeTempDirs();
});

const makePipe = (path: string) => execute('mkfifo', [path]);
const permissions = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

describe.each(['a hub', 'a plain server'])('a download from %s', (from) => {
  const get = (output = target, more: Parameters<typeof runGet>[1] = {}) =>
    runGet([servers[from]!.url], { output, ...more });

  it.each([
    [0o600, 0o600],
    [0o755, 0o755],
    [0o640, 0o640],
    [0o4755, 0o755],
    [0o2711, 0o711],
  ])('over a file of mode %o leaves %o', async (before, after) => {
    await writeFile(target, 'old');
    await chmod(target, before);
    expect((await get()).error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
    expect(await permissions(target)).toBe(after);
    expect(await readdir(directory)).toEqual(['got']);
  });

  it('over a file of another user leaves it to him', needs(ROOT), async () => {
    await writeFile(target, 'old');
    await execute('chown', ['12345:12346', target]);
    expect((await get()).error).toBeUndefined();
    expect(await stat(target)).toMatchObject({ uid: 12345, gid: 12346, size: LENGTH });
  });

  it('follows a link that was named, and leaves it', async () => {
    await mkdir(join(directory, 'far'));
    await writeFile(join(directory, 'far/file'), 'old', { mode: 0o640 });
    await symlink('far/file', join(directory, 'one'));
    await symlink('one', target);
    expect((await get()).error).toBeUndefined();
    expect((await lstat(target)).isSymbolicLink()).toBe(true);
    expect((await readFile(join(directory, 'far/file'))).equals(content.bytes)).toBe(true);
    expect(await permissions(join(directory, 'far/file'))).toBe(0o640);
    expect(await readdir(join(directory, 'far'))).toEqual(['file']);
  });

  it('makes the file that a link lacks, and refuses a circle of them', async () => {
    await symlink('new', target);
    expect((await get()).error).toBeUndefined();
    expect((await readFile(join(directory, 'new'))).equals(content.bytes)).toBe(true);
    await symlink('b', join(directory, 'a'));
    await symlink('a', join(directory, 'b'));
    expect((await get(join(directory, 'a'))).error?.message).toContain('circle');
  });

  it('goes through a pipe to its reader, in order', async () => {
    await makePipe(target);
    const reader = spawn('cat', [target]);
    running.push(reader);
    const parts: Buffer[] = [];
    reader.stdout.on('data', (part: Buffer) => parts.push(part));
    const ended = new Promise((resolve) => reader.on('close', resolve));
    // The reader is there once it waits in open(): a writer is refused until then.
    let got = await get();
    for (let tries = 0; got.error && tries < 100; tries++) got = await get();
    expect(got.error).toBeUndefined();
    expect(got.all('transfer_completed')[0]).toMatchObject({ path: target, bytes: LENGTH });
    await ended;
    expect(Buffer.concat(parts).equals(content.bytes)).toBe(true);
    expect((await lstat(target)).isFIFO()).toBe(true);
  });

  it('does not wait for a reader that is not there', async () => {
    await makePipe(target);
    const { error } = await get();
    expect(error).toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(error?.message).toContain('nobody reads there');
  });

  it('ends when it is told to, though the reader of a pipe takes nothing', async () => {
    await makePipe(target);
    const reader = spawn('sh', ['-c', 'exec 3<"$0"; echo open; exec sleep 60', target]);
    running.push(reader);
    const abort = new AbortController();
    let got = get(target, { signal: abort.signal });
    reader.stdout.on('data', () => undefined);
    for (let tries = 0; tries < 100; tries++) {
      const early = await Promise.race([got, new Promise((go) => setTimeout(go, 300))]);
      if (early === undefined) break;
      got = get(target, { signal: abort.signal });
    }
    abort.abort(new Error('told to'));
    expect((await got).error?.message).toBe('told to');
  });

  it('refuses a socket, and a directory entry that is no file', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(target, listening));
    expect((await get()).error?.message).toContain('is a socket');
    await new Promise((closed) => server.close(closed));
    await mkdir(join(directory, 'into'));
    await makePipe(join(directory, 'into/content.bin'));
    for (const force of [false, true]) {
      const { error } = await get(`${join(directory, 'into')}/`, { force });
      expect(error).toMatchObject({ code: 'ERR_EXISTS' });
    }
  });

  it('writes through a device, which stays one', async (context) => {
    await execute('mknod', [target, 'c', '1', '3']).catch(() =>
      context.skip('no device may be made'),
    );
    expect((await get()).error).toBeUndefined();
    expect((await lstat(target)).isCharacterDevice()).toBe(true);
    expect(await readdir(directory)).toEqual(['got']);
  });

  it('says that a device is full', async () => {
    expect((await get('/dev/full')).error).toMatchObject({ code: 'ERR_DISK_FULL' });
  });
});

describe('a text for a place that a person named', () => {
  it('keeps the mode, follows links and leaves nothing beside', async () => {
    await writeFile(join(directory, 'conf'), 'old');
    await chmod(join(directory, 'conf'), 0o640);
    await symlink('conf', target);
    await putText(target, 'new');
    expect(await readFile(join(directory, 'conf'), 'utf8')).toBe('new');
    expect(await permissions(join(directory, 'conf'))).toBe(0o640);
    expect((await readdir(directory)).sort()).toEqual(['conf', 'got']);
  });

  it('goes through a device, and does not wait for a pipe', async () => {
    await putText('/dev/fd/2', '');
    await expect(putText('/dev/full', 'text')).rejects.toMatchObject({ code: 'ERR_DISK_FULL' });
    await makePipe(target);
    await expect(putText(target, 'text')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(putText(directory, 'text')).rejects.toMatchObject({ code: 'ERR_EXISTS' });
  });
});
