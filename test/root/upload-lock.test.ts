import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { offsetOf, type UploadRecord } from '../../src/hub/uploads/upload-record.ts';
import { lockUpload } from '../../src/root/disk/upload-lock.ts';
import { systemClock, type Timers } from '../../src/runtime/clock.ts';
import { tempRoot } from '../server/hub.ts';

/** Sleeps for no longer than the file system takes. */
function quickClock(): Timers & { slept: number } {
  const timers = {
    ...systemClock,
    slept: 0,
    now: () => timers.slept,
    sleep: async (ms: number) => {
      timers.slept += ms;
    },
  };
  return timers;
}

describe('the lock of an upload', () => {
  it('is given to one of many, and to the next when it is given back', async () => {
    const directory = await tempRoot();
    for (let turn = 0; turn < 5; turn++) {
      const locks = await Promise.all(Array.from({ length: 8 }, () => lockUpload(directory)));
      const held = locks.filter((lock) => lock !== undefined);
      expect(held).toHaveLength(1);
      expect(await lockUpload(directory)).toBeUndefined();
      await held[0]!.release();
    }
    expect(await readdir(directory)).toHaveLength(1);
  });

  it.each([
    ['a process that is gone', { started: 'never' }, 0, true],
    ['a pid that was never given', { pid: 2 ** 30 }, 0, true],
    ['another machine that is silent, and was heard of just now', { place: 'elsewhere' }, 1, true],
    ['another machine that has been silent', { place: 'elsewhere' }, 120, true],
    ['another machine, touched far ahead of this clock', { place: 'elsewhere' }, -3600, true],
    ['nobody', { free: true }, 0, true],
    ['something unreadable', { pid: 'x' }, 0, true],
  ])('of %s', async (_, changes, ageSeconds, free) => {
    const directory = await tempRoot();
    expect(await lockUpload(directory)).toBeDefined();
    const holder = JSON.parse(await readFile(join(directory, 'lock-1'), 'utf8'));
    const path = join(directory, 'lock-2');
    await writeFile(path, JSON.stringify({ ...holder, ...changes }));
    const then = Date.now() / 1000 - ageSeconds;
    await utimes(path, then, then);
    const lock = await lockUpload(directory, quickClock());
    expect(lock !== undefined).toBe(free);
    await lock?.release();
  });
});

describe('the lock of an upload, between machines', () => {
  it.each([
    ['as ours', 0],
    ['an hour ahead', 3600],
    ['an hour behind', -3600],
    ['at its epoch', -Date.now() / 1000 + 5],
  ])('stays with who gives a sign, by a clock that is %s', async (_, aheadS) => {
    const directory = await tempRoot();
    await (await lockUpload(directory))!.release();
    const free = await readFile(join(directory, 'lock-2'), 'utf8');
    const mark = { ...JSON.parse(free), free: false };
    const other = join(directory, 'lock-3');
    await writeFile(other, JSON.stringify({ ...mark, place: 'elsewhere' }));
    const clock = quickClock();
    const { sleep } = clock;
    clock.sleep = async (ms) => {
      await sleep(ms);
      if ((await stat(other)).mtimeMs === 0) await utimes(other, 0, Date.now() / 1000 + aheadS);
    };
    expect(await lockUpload(directory, clock)).toBeUndefined();
  });

  it('is told lost to its holder, unless the upload is gone as well', async () => {
    const directory = await tempRoot();
    const held = (await lockUpload(directory))!;
    await rm(join(directory, 'lock-1'));
    await expect.poll(() => held.lost.aborted, { timeout: 10_000 }).toBe(true);
    await held.release();

    const gone = await tempRoot();
    const kept = (await lockUpload(gone))!;
    await rm(gone, { recursive: true });
    await systemClock.sleep(1100);
    expect(kept.lost.aborted).toBe(false);
    await kept.release();
  });
});

describe('the offset of an upload', () => {
  const record: UploadRecord = {
    version: 1,
    expiresMs: 0,
    length: 100,
    metadata: null,
    concat: null,
    owner: null,
    client: '',
    target: ['f'],
    conditions: {},
    syncedBytes: 40,
    boot: 'this',
    uncheckedFrom: null,
    state: 'open',
  };

  it.each([
    ['what the file holds', {}, 70, 70],
    ['what was synced, after a restart of the machine', { boot: 'other' }, 70, 40],
    ['what is left of that', { boot: 'other' }, 30, 30],
    ['what was synced, where a boot has no name', { boot: '' }, 70, 40],
    ['up to the chunk that was not compared', { uncheckedFrom: 50 }, 70, 50],
    ['all, once it is published', { state: 'published' as const }, undefined, 100],
    ['all, when it left for its target', { state: 'publishing' as const }, undefined, 100],
  ])('is %s', (_, changes, dataBytes, offset) => {
    const boot = 'boot' in changes && changes.boot === '' ? '' : 'this';
    expect(offsetOf({ ...record, ...changes }, dataBytes, boot)).toBe(offset);
  });
});
