// What the system says of a file becomes one clear line.

import { once } from 'node:events';
import { createWriteStream, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { describeError, HubswarmError } from '../../src/runtime/errors.ts';

const failure = async (work: () => unknown): Promise<Error> => {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing failed');
};

const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: raw text, write`), { code, errno: -1, syscall: 'write' }, more);

describe('a failure of a file', () => {
  it('is told by its path, and not in the words of Node.js', async () => {
    const missing = await failure(() => readFile('/no/such/file'));
    expect(describeError(missing)).toBe('/no/such/file: no such file or directory');
    const full = await failure(() => writeFile('/dev/full', 'x'));
    expect(describeError(full)).toBe('no space left on the device');
    const wrong = await failure(() => mkdir('/proc/x'));
    expect(describeError(wrong)).toBe('/proc/x: no such file or directory');
  });

  it('names the current directory, of which the system says no path', () => {
    const gone = system('ENOENT', { syscall: 'uv_cwd' });
    expect(describeError(gone)).toBe('the current directory was removed');
  });

  it('is told where only a descriptor is known', async () => {
    const handle = await open('/dev/full', 'w');
    expect(describeError(await failure(() => handle.write('x')))).toBe(
      'no space left on the device',
    );
    await handle.close();
    const fd = openSync('/', 'r');
    expect(describeError(await failure(() => readSync(fd, Buffer.alloc(1))))).toBe(
      'is a directory',
    );
    expect(describeError(await failure(() => writeSync(fd, 'x')))).toMatch(/EBADF/);
    const [late] = await once(createWriteStream('/dev/full').end('x'), 'error');
    expect(describeError(late)).toBe('no space left on the device');
  });

  it.each([
    ['EMFILE', 'too many open files in this process (ulimit -n)'],
    ['ENFILE', 'too many open files on this machine'],
    ['EIO', 'the disk, or what leads to it, failed'],
    ['EROFS', 'read-only file system'],
    ['EDQUOT', 'disk quota exceeded'],
    ['EXDEV', 'on another file system'],
  ])('%s', (code, words) => {
    expect(describeError(system(code))).toBe(words);
    expect(describeError(system(code, { path: '/a' }))).toBe(`/a: ${words}`);
    expect(describeError(system(code, { path: '/proc/self/fd/7' }))).toBe(words);
  });

  it('is not what a socket says', async () => {
    const [refused] = await once(connect(1, '127.0.0.1'), 'error');
    expect(describeError(refused)).toContain('127.0.0.1:1');
    expect(describeError(system('EACCES', { syscall: 'connect' }))).toContain('raw text');
    expect(describeError(new HubswarmError('ERR_REMOTE', 'own words'))).toBe('own words');
  });
});
