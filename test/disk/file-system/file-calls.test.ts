// Calls of a file system beside those of node:fs/promises, and the event loop meanwhile.
import { constants } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type FileCalls,
  fileCallsAt,
  openAnywhere,
  THREADED,
} from '../../../src/disk/file-system/file-calls.ts';
import { LINUX, needs } from '../../support/needs.ts';
import { tempDir } from '../files.ts';

let dir: string;
beforeEach(async () => {
  dir = await tempDir();
});

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
const BYTES = Buffer.from('some bytes of a file');

describe.each<[string, () => Promise<FileCalls> | FileCalls]>([
  ['in threads', () => THREADED],
  ['here, if the disk is local', () => fileCallsAt(dir)],
])('calls %s', (_name, make) => {
  it('write, read, change and rename a file', async () => {
    const calls = await make();
    const [path, other] = [join(dir, 'a'), join(dir, 'b')];
    const handle = await calls.open(path, NEW, 0o640);
    expect(await handle.writev([BYTES.subarray(0, 5), BYTES.subarray(5)], 0)).toMatchObject({
      bytesWritten: BYTES.length,
    });
    await handle.utimes(new Date(5000), new Date(-7000));
    await handle.chmod(0o600);
    await handle.sync();
    const into = Buffer.alloc(8);
    expect(await handle.read(into, 1, 4, 5)).toMatchObject({ bytesRead: 4 });
    expect(into.toString('latin1', 1, 5)).toBe(BYTES.toString('latin1', 5, 9));
    await handle.truncate(4);
    const stats = await handle.stat();
    await handle.close();
    expect(handle.fd).toBe(-1);
    await calls.rename(path, other);
    expect(await calls.lstatIfAny(path)).toBeUndefined();
    const there = (await calls.lstatIfAny(other))!;
    expect([there.ino, there.size, there.mode & 0o777]).toEqual([stats.ino, 4, 0o600]);
    expect(there.ino).toBe((await stat(other)).ino);
  });

  it('fail as those of Node.js do', async () => {
    const calls = await make();
    await writeFile(join(dir, 'a'), BYTES);
    await mkdir(join(dir, 'd'));
    await expect(calls.open(join(dir, 'a'), NEW)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(calls.open(join(dir, 'none'), 'r')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(calls.rename(join(dir, 'a'), join(dir, 'd'))).rejects.toMatchObject({
      code: 'EISDIR',
    });
    const handle = await calls.open(join(dir, 'a'), 'r');
    await expect(handle.writev([BYTES], 0)).rejects.toMatchObject({ code: 'EBADF' });
    await handle.close();
    await expect(handle.stat()).rejects.toBeInstanceOf(Error);
  });

  it('close a file after the reads under way, however long they are', async () => {
    const calls = await make();
    const bytes = Buffer.alloc(4 * 2 ** 20, 'x');
    await writeFile(join(dir, 'long'), bytes);
    const handle = await calls.open(join(dir, 'long'), 'r');
    const into = Buffer.alloc(bytes.length);
    const reads = [handle.read(into, 0, into.length, 0), handle.read(Buffer.alloc(9), 0, 9, 0)];
    const closed = handle.close();
    // Another file gets the descriptor as soon as it is free.
    const others = await Promise.all(
      Array.from({ length: 8 }, () => closed.then(() => calls.open(join(dir, 'long'), 'r'))),
    );
    expect((await Promise.all(reads)).map(({ bytesRead }) => bytesRead)).toEqual([bytes.length, 9]);
    expect(into.equals(bytes)).toBe(true);
    await Promise.all(others.map((other) => other.close()));
  });
});

it('let the event loop have its turn between many calls', needs(LINUX), async () => {
  const calls = await fileCallsAt(dir);
  let turns = 0;
  let ended = false;
  const count = (): void => {
    turns += 1;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  // So many calls take many times as long as one turn may.
  for (let i = 0; i < 20_000; i++) await calls.lstatIfAny(join(dir, `f${i}`));
  ended = true;
  expect(turns).toBeGreaterThan(3);
});

it('open what lies anywhere, and tell what it is', async () => {
  await writeFile(join(dir, 'a'), BYTES);
  const { handle, stats } = await openAnywhere(join(dir, 'a'), constants.O_RDONLY);
  expect([stats.size, stats.isFile()]).toEqual([BYTES.length, true]);
  const into = Buffer.alloc(BYTES.length);
  expect(await handle.read(into, 0, into.length, 0)).toMatchObject({ bytesRead: into.length });
  expect(into.equals(await readFile(join(dir, 'a')))).toBe(true);
  await handle.close();
  await expect(openAnywhere(join(dir, 'none'), 0)).rejects.toMatchObject({ code: 'ENOENT' });
});
