// What a daemon shares outlives it: a stop, a kill at any moment, files that change meanwhile.
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LINUX, needs } from '../../support/needs.ts';
import { randomFile, run, scratch, start } from '../binary.ts';
import { MIB, sameBytes } from '../swarm.ts';
import { addressOf, daemonOf, fetchFrom, shareBy, started, statusOf } from './daemons.ts';

const statesOf = async (data: string): Promise<Record<string, string>> =>
  Object.fromEntries((await statusOf(data)).shares.map(({ name, state }) => [name, state]));

describe('a daemon that is started again', { timeout: 240_000 }, () => {
  it('serves files and directories as before', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const file = await randomFile(join(dir, 'file.bin'), 3 * MIB);
    await mkdir(join(dir, 'tree'));
    await writeFile(join(dir, 'tree', 'a'), 'a\n');
    await randomFile(join(dir, 'tree', 'b'), MIB);
    const first = await started(data);
    const cids = [await shareBy(data, file), await shareBy(data, join(dir, 'tree'))];
    expect(await first.end()).toBe(0);
    const second = await started(data);
    expect(await second.until('shares_restored')).toMatchObject({ shares: 2 });
    const from = await addressOf(second);
    expect(await fetchFrom(from, cids[0]!, dir, 'one')).toBe(0);
    await sameBytes(join(dir, 'one', 'file.bin'), file);
    expect(await fetchFrom(from, cids[1]!, dir, 'two')).toBe(0);
    await sameBytes(join(dir, 'two', 'tree', 'b'), join(dir, 'tree', 'b'));
    const { shares } = await statusOf(data);
    expect(shares.map(({ sentBytes, bytes }) => sentBytes - bytes)).toEqual([0, 0]);
  });

  it('reads none of what it shares', needs(LINUX), async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    await started(data, await randomFile(join(dir, 'file.bin'), 64 * MIB)).then(async (daemon) => {
      await daemon.until('file_shared');
      await daemon.end();
    });
    const again = await started(data);
    expect((await statusOf(data)).shares).toHaveLength(1);
    const io = await readFile(`/proc/${again.child.pid}/io`, 'utf8');
    expect(Number(/rchar: (\d+)/.exec(io)?.[1])).toBeLessThan(48 * MIB);
  });

  it('has every share that was told, whenever it was killed', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const told: string[] = [];
    for (let round = 0; round < 4; round++) {
      const daemon = await started(data);
      expect((await statusOf(data)).shares.map(({ path }) => path)).toEqual(
        expect.arrayContaining(told),
      );
      const paths = await Promise.all(
        Array.from({ length: 6 }, (_, i) => randomFile(join(dir, `${round}-${i}`), 50_000)),
      );
      // Killed at once, and while the second, third, fourth file is on its way to the list.
      const all = paths.slice(round).map((path) => ['share', '--json', '--data', data, path]);
      const sharing = all.map((args) => start(args));
      const before = told.length;
      for (const [i, each] of sharing.entries()) {
        void each.until('link_made').then(
          () => told.push(paths[round + i]!),
          () => undefined,
        );
      }
      if (round > 0) await sharing[round - 1]!.until('link_made').catch(() => undefined);
      await daemon.end('SIGKILL');
      for (const each of sharing) await each.end('SIGKILL');
      expect(told.length).toBeGreaterThanOrEqual(round > 0 ? before : 0);
    }
    const last = await started(data);
    expect((await statusOf(data)).shares.map(({ path }) => path)).toEqual(
      expect.arrayContaining(told),
    );
    expect(last.events.filter(({ event }) => event === 'warned')).toEqual([]);
  });

  it('mends a list that was half written, and leaves out what is damaged', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const first = await started(data);
    for (const name of ['a', 'b', 'c']) {
      await shareBy(data, await randomFile(join(dir, name), 100));
    }
    await first.end('SIGKILL');
    const list = join(data, 'daemon', 'shares');
    const whole = await readFile(list, 'utf8');
    await appendFile(list, whole.split('\n')[1]!.slice(0, 40));
    const second = await started(data);
    expect(Object.keys(await statesOf(data))).toEqual(['a', 'b', 'c']);
    await shareBy(data, await randomFile(join(dir, 'd'), 100));
    await second.end();
    await writeFile(list, (await readFile(list, 'utf8')).replace('"name":"b"', '"name":"x"'));
    const third = await started(data);
    const { message } = await third.until('warned');
    expect(message).toContain('1 damaged line is left out');
    expect(Object.keys(await statesOf(data))).toEqual(['a', 'c', 'd']);
    // What a person may still read of it is not lost.
    expect(await readFile(message.split('kept as ')[1]!, 'utf8')).toContain('"name":"x"');
  });

  it.each([
    ['without a line', 'no list at all'],
    ['of damaged lines alone', 'one\ntwo\n'],
  ])('keeps a file %s aside', async (_what, text) => {
    const data = join(await scratch(), 'data');
    await mkdir(join(data, 'daemon'), { recursive: true, mode: 0o700 });
    await writeFile(join(data, 'daemon', 'shares'), text);
    const only = await started(data);
    const { message } = await only.until('warned');
    expect(await readFile(message.split('kept as ')[1]!, 'utf8')).toBe(text);
    expect(await statesOf(data)).toEqual({});
  });

  it('tells what changed or went while it was down, and hands out no other bytes', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const first = await started(data);
    const cids: Record<string, string> = {};
    for (const name of ['kept', 'changed', 'removed']) {
      cids[name] = await shareBy(data, await randomFile(join(dir, name), 100_000));
    }
    await first.end();
    await randomFile(join(dir, 'changed'), 100_000);
    const was = await readFile(join(dir, 'removed'));
    await rm(join(dir, 'removed'));
    const second = await started(data);
    expect(await second.until('share_changed', ({ name }) => name === 'changed')).toMatchObject({
      state: 'changed',
    });
    await second.until('share_changed', ({ name }) => name === 'removed');
    expect(await statesOf(data)).toEqual({
      kept: 'shared',
      changed: 'changed',
      removed: 'removed',
    });
    const from = await addressOf(second);
    expect(await fetchFrom(from, cids.kept!, dir, 'one')).toBe(0);
    expect(await fetchFrom(from, cids.changed!, dir, 'two')).not.toBe(0);
    // Shared again, it is what it is now.
    expect(await shareBy(data, join(dir, 'changed'))).not.toBe(cids.changed);
    expect((await statesOf(data)).changed).toBe('shared');
    expect(was).toHaveLength(100_000);
  });
});

describe('two daemons', { timeout: 240_000 }, () => {
  it('have two data directories; one that was killed leaves nothing in the way', async () => {
    const data = join(await scratch(), 'data');
    const first = await started(data);
    const second = daemonOf(data);
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(/a daemon runs there already \(process \d+ on .*\); see 'hubs/);
    await first.end('SIGKILL');
    const { code, stderr } = await run(['status', '--data', data]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hubswarm: no daemon runs \(.*\); start one with: hubswarm daemon --d/);
    await started(data);
    expect((await statusOf(data)).shares).toEqual([]);
  });
});
