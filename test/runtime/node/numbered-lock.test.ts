import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Holder, takeLock } from '../../../src/runtime/node/numbered-lock.ts';

const holder: Holder = {
  mark: (free) => (free ? 'free' : 'me'),
  isHeld: (mark) => mark === 'other',
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

const another = (number: number, mark: string): Promise<void> =>
  writeFile(join(dir, `lock-${number}`), mark);

describe('a numbered lock', () => {
  it('is given to one of many, and to the next when it is given back', async () => {
    for (let turn = 0; turn < 5; turn++) {
      const locks = await Promise.all(Array.from({ length: 8 }, () => takeLock(dir, holder)));
      const [lock, second] = locks.filter((each) => each !== undefined);
      expect(second).toBeUndefined();
      expect(await readFile(lock!.path, 'utf8')).toBe('me');
      expect(await takeLock(dir, holder)).toBeUndefined();
      await lock!.release();
    }
    const [left, more] = await readdir(dir);
    expect(more).toBeUndefined();
    expect(await readFile(join(dir, left!), 'utf8')).toBe('free');
  });

  it('stays with another that holds it', async () => {
    await another(7, 'other');
    expect(await takeLock(dir, holder)).toBeUndefined();
    expect(await readdir(dir)).toEqual(['lock-7']);
  });

  it.each(['free', 'gone', ''])('is taken over from one whose file says "%s"', async (mark) => {
    await another(2, 'other');
    await another(7, mark);
    await takeLock(dir, holder);
    expect(await readdir(dir)).toEqual(['lock-8']);
  });

  it('leaves the lock to one that took it over before it was given back', async () => {
    const lock = await takeLock(dir, holder);
    await another(4, 'other');
    await rm(lock!.path);
    await lock!.release();
    expect(await readdir(dir)).toEqual(['lock-4']);
    expect(await takeLock(dir, holder)).toBeUndefined();
  });
});
