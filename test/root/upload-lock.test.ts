import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { offsetOf, type UploadRecord } from '../../src/hub/uploads/upload-record.ts';
import { lockUpload } from '../../src/root/disk/upload-lock.ts';
import { tempRoot } from '../server/hub.ts';

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
    ['another machine that was heard of just now', { place: 'elsewhere' }, 1, false],
    ['another machine that has been silent', { place: 'elsewhere' }, 120, true],
    ['another machine whose clock is a little ahead', { place: 'elsewhere' }, -10, false],
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
    const lock = await lockUpload(directory);
    expect(lock !== undefined).toBe(free);
    await lock?.release();
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
