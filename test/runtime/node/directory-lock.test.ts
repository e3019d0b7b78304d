import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Timers } from '../../../src/runtime/clock.ts';
import { isAlive, thisProcess } from '../../../src/runtime/node/alive.ts';
import { lockDirectory, type Release } from '../../../src/runtime/node/directory-lock.ts';
import { givesSign } from '../../../src/runtime/node/sign-of-life.ts';
import { LINUX, needs } from '../../support/needs.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

const fail = (message: string): void => expect.fail(message);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

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

const open: Release[] = [];
afterEach(async () => {
  for (const release of open.splice(0)) await release();
});

/** Locks it: the release, or undefined if it is held. */
async function lock(warn: (message: string) => void = () => {}, clock: Timers = quickClock()) {
  const got = await lockDirectory(dir, { warn, clock });
  if ('heldBy' in got) return undefined;
  open.push(got.release);
  return got.release;
}

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
    expect(await lock()).toBeUndefined();
  });

  it.each([
    ['another process that has its pid', { started: '1' }],
    ['a process of another boot, machine or container', { place: 'elsewhere' }],
    ['no process', { pid: 2 ** 30 }],
    ['a pid that makes no sense', { pid: -1 }],
  ])('is taken over from %s', async (_, changes) => {
    await writeFile(join(dir, 'lock-3'), JSON.stringify({ ...(await parent()), ...changes }));
    const release = await lock();
    expect(await readdir(dir)).toEqual(['lock-4']);
    await release!();
    open.splice(0);
    expect(await readFile(join(dir, 'lock-5'), 'utf8')).toBe('0');
  });

  describe.each([
    ['on another machine', (place: string) => place.replace(/^\S+ \S+/, 'host boot')],
    ['in another container', (place: string) => place.replace(/^(\S+ \S+).*$/, '$1 pid:[7]')],
    [
      'of another boot, of this machine or one of its name',
      (place: string) => place.replace(/^(\S+) \S+/, '$1 boot'),
    ],
  ])('last held by a process %s', (_, elsewhere) => {
    const path = () => join(dir, 'lock-3');
    beforeEach(async () => {
      const mark = await parent();
      // In a container every process may have the same pid.
      const other = { ...mark, pid: process.pid, place: elsewhere(mark.place) };
      await writeFile(path(), JSON.stringify(other));
    });

    it.each([
      ['now', 0],
      ['an hour ahead', 3600],
      ['an hour behind', -3600],
      ['at the start of its epoch', -Date.now() / 1000 + 5],
    ])(
      'stays with it, and names it, when that gives signs by a clock that is %s',
      async (_, aheadS) => {
        const clock = quickClock();
        const sleep = clock.sleep;
        clock.sleep = async (ms) => {
          await sleep(ms);
          if ((await stat(path())).mtimeMs !== 0) return;
          await utimes(path(), new Date(), Date.now() / 1000 + aheadS);
        };
        const got = await lockDirectory(dir, { warn: fail, clock });
        expect(got).toEqual({
          heldBy: expect.stringMatching(new RegExp(`^process ${process.pid} on `)),
        });
        expect(await readdir(dir)).toEqual(['lock-3']);
        expect(clock.slept).toBe(500);
      },
    );

    it('is taken over after 5 s of silence, which is said', async () => {
      const told: string[] = [];
      const clock = quickClock();
      expect(await lock((message) => told.push(message), clock)).toBeDefined();
      expect(clock.slept).toBe(5000);
      expect(told).toEqual([
        expect.stringMatching(
          /: taken over from process \d+ on \S+, which did not give it back and gave no sign of life for 5 s$/,
        ),
      ]);
    });

    it('is given to one of two that wait for a sign', async () => {
      const both = await Promise.all([lock(), lock()]);
      expect(both.filter((each) => each !== undefined)).toHaveLength(1);
    });
  });

  it('is taken at once when it was given back elsewhere', async () => {
    await writeFile(join(dir, 'lock-3'), '0');
    const clock = quickClock();
    expect(await lock(fail, clock)).toBeDefined();
    expect(clock.slept).toBe(0);
  });

  it('gives a sign to who asks, and none when nobody does', async () => {
    const release = await lock(fail, systemClock);
    const path = join(dir, 'lock-1');
    await expect.poll(async () => (await stat(path)).mtimeMs).not.toBe(0);
    expect(await givesSign(path, systemClock)).toBe(true);
    const { ctimeMs } = await stat(path);
    await systemClock.sleep(1200);
    expect((await stat(path)).ctimeMs).toBe(ctimeMs);
    await release!();
  });

  it('tells its holder when another has taken it', async () => {
    const told: string[] = [];
    const clock = new VirtualClock();
    const got = await lockDirectory(dir, { warn: (message) => told.push(message), clock });
    await writeFile(join(dir, 'lock-2'), JSON.stringify(await parent()));
    await rm(join(dir, 'lock-1'));
    await expect
      .poll(async () => {
        await clock.advance(500);
        return told;
      })
      .toEqual([
        expect.stringMatching(/: taken over by another process, since this one stood still/),
      ]);
    expect(clock.isIdle).toBe(true);
    if ('release' in got) await got.release();
    expect(await readdir(dir)).toEqual(['lock-2']);
  });

  it.each(['', '{', 'null', '7', '[]', '{"pid":"x"}', 'x'.repeat(100_000)])(
    'is taken over from %j',
    async (mark) => {
      await writeFile(join(dir, 'lock-3'), mark);
      expect(await lock()).toBeDefined();
    },
  );

  it('is taken over from this process, since a killed one in a container had its pid', async () => {
    await writeFile(join(dir, 'lock-3'), JSON.stringify(await thisProcess));
    expect(await lock()).toBeDefined();
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
