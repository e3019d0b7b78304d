import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, thisProcess } from '../../../src/runtime/node/alive.ts';
import { lockDirectory } from '../../../src/runtime/node/directory-lock.ts';
import { LINUX, needs } from '../../support/needs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** The process that started this one, as it would name itself. */
async function parent() {
  const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
  return { ...(await thisProcess), pid: process.ppid, started };
}

describe('the lock of a directory', needs(LINUX), () => {
  it.each([
    ['now', Date.now()],
    ['before this machine started, by a clock that was set since', 0],
    ['in the future, by a clock that was set back since', Date.UTC(2150, 0, 1)],
  ])('stays with a process that runs, taken %s', async (_, takenMs) => {
    const path = join(dir, 'lock-3');
    await writeFile(path, JSON.stringify(await parent()));
    await utimes(path, takenMs / 1000, takenMs / 1000);
    expect(await lockDirectory(dir)).toBeUndefined();
  });

  it.each([
    ['another process that has its pid', { started: '1' }],
    ['a process of another boot, machine or container', { place: 'elsewhere' }],
    ['no process', { pid: 2 ** 30 }],
    ['a pid that makes no sense', { pid: -1 }],
  ])('is taken over from %s', async (_, changes) => {
    await writeFile(join(dir, 'lock-3'), JSON.stringify({ ...(await parent()), ...changes }));
    const release = await lockDirectory(dir);
    expect(await readdir(dir)).toEqual(['lock-4']);
    await release!();
    expect(await readFile(join(dir, 'lock-5'), 'utf8')).toBe('0');
  });

  it.each([
    ['on another machine', (place: string) => place.replace(/^\S+ \S+/, 'host boot'), true],
    ['in another container', (place: string) => place.replace(/^(\S+ \S+).*$/, '$1 pid:[7]'), true],
    ['of an earlier boot', (place: string) => place.replace(/^(\S+) \S+/, '$1 boot'), false],
  ])('tells when it is taken from a process %s: %s', async (_, elsewhere, isTold) => {
    const mark = await parent();
    await writeFile(join(dir, 'lock-3'), JSON.stringify({ ...mark, place: elsewhere(mark.place) }));
    let told = false;
    expect(await lockDirectory(dir, () => (told = true))).toBeDefined();
    expect(told).toBe(isTold);
  });

  it.each(['', '{', 'null', '7', '[]', '{"pid":"x"}', 'x'.repeat(100_000)])(
    'is taken over from %j',
    async (mark) => {
      await writeFile(join(dir, 'lock-3'), mark);
      expect(await lockDirectory(dir)).toBeDefined();
    },
  );

  it('is taken over from this process, since a killed one in a container had its pid', async () => {
    await writeFile(join(dir, 'lock-3'), JSON.stringify(await thisProcess));
    expect(await lockDirectory(dir)).toBeDefined();
  });
});

describe('a process', () => {
  it('is alive, and by its start where the system tells it', async () => {
    const self = await thisProcess;
    expect(await isAlive(self, Date.now())).toBe(true);
    expect(await isAlive({ ...self, started: 'other' }, Date.now())).toBe(false);
    if (self.started !== '') expect(await isAlive(self, 0)).toBe(true);
  });
});
