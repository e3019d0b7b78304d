// Other terminals and the daemon: what they ask of it, and what hostile ones cannot do.

import { once } from 'node:events';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LINUX, needs } from '../../support/needs.ts';
import { randomFile, run, scratch, start } from '../binary.ts';
import { MIB, origin, sameBytes } from '../swarm.ts';
import {
  addressOf,
  daemonOf,
  dial,
  fetchFrom,
  heard,
  shareBy,
  started,
  statusOf,
} from './daemons.ts';

describe('other terminals', { timeout: 240_000 }, () => {
  it('share, fetch, see and end', async () => {
    const dir = await scratch();
    const [here, there] = [join(dir, 'here'), join(dir, 'there')];
    const [giver] = [await started(here), await started(there)];
    const file = await randomFile(join(dir, 'file.bin'), 3 * MIB);
    const shared = await run(['share', '--data', here, file]);
    expect(shared).toMatchObject({ code: 0 });
    const link = shared.stdout.trim();
    expect(link).toMatch(/^hubswarm:baf\w+\?a=.*&n=file\.bin&s=3145728$/);
    const cid = /baf\w+/.exec(link)![0];
    const join1 = ['--join', await addressOf(giver)];
    const out = ['--out', join(dir, 'out')];
    const got = await run(['get', '--data', there, cid, ...join1, ...out]);
    expect(got).toMatchObject({ code: 0 });
    await sameBytes(join(dir, 'out', 'file.bin'), file);
    // Shared by both from now on.
    const { shares, daemon } = await statusOf(there);
    expect(shares).toMatchObject([{ cid, path: join(dir, 'out', 'file.bin'), state: 'shared' }]);
    expect(daemon.receivedBytes).toBeGreaterThanOrEqual(3 * MIB);
    expect((await run(['status', '--data', there])).stdout).toMatch(
      /1 share \(3 MiB\), 0 transfers/,
    );
    expect(await run(['unshare', '--data', there, cid])).toMatchObject({ code: 0 });
    expect((await statusOf(there)).shares).toEqual([]);
    const unshared = await run(['unshare', '--data', here, file, join(dir, 'other')]);
    expect(unshared.code).toBe(1);
    expect(unshared.stderr).toContain(`${join(dir, 'other')}: is not shared`);
    expect((await statusOf(here)).shares).toEqual([]);
    expect(await fetchFrom(await addressOf(giver), cid, dir, 'late')).not.toBe(0);
  });

  it('see a transfer, which ends with its terminal and goes on with the next', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const { cid, address, file, peer } = await origin(
      dir,
      2 * MIB,
      '--uplink',
      '256KiB/s',
      '--control',
    );
    await started(data);
    const get = [
      'get',
      '--json',
      '--data',
      data,
      cid,
      '--join',
      address,
      '--out',
      join(dir, 'out'),
    ];
    const first = start(get);
    await first.until('transfer_progressed', ({ bytes }) => bytes > 0);
    const { transfers, neighbours } = await statusOf(data);
    expect(transfers).toMatchObject([{ cid, name: 'content.bin', total: 2 * MIB }]);
    expect(neighbours[0]?.contents).toEqual([cid]);
    expect(await first.end('SIGINT')).toBe(130);
    await expect.poll(async () => (await statusOf(data)).transfers).toEqual([]);
    peer.child.stdin!.write('uplink none\n');
    const second = start(get);
    const { resumedBytes } = await second.until('transfer_started');
    expect(resumedBytes).toBeGreaterThan(0);
    expect(await second.exit).toBe(0);
    await sameBytes(join(dir, 'out', 'content.bin'), file);
  });

  it('may do without it', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    await started(data);
    const file = await randomFile(join(dir, 'file'), 100);
    const own = start(['share', '--json', '--no-daemon', '--data', data, file]);
    await own.until('link_made');
    expect((await statusOf(data)).shares).toEqual([]);
    expect(await own.end()).toBe(0);
  });
});

describe('limits', { timeout: 240_000 }, () => {
  it('end a share that was given often enough, also after a restart', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const file = await randomFile(join(dir, 'file.bin'), MIB);
    const first = await started(data, '--max-ratio', '1');
    const cid = await shareBy(data, file);
    expect(await fetchFrom(await addressOf(first), cid, dir, 'one')).toBe(0);
    expect(await first.until('share_ended')).toMatchObject({ reason: 'ratio', sentBytes: MIB });
    await first.end();
    const second = await started(data, '--max-ratio', '1');
    expect((await statusOf(data)).shares).toMatchObject([{ state: 'ratio', sentBytes: MIB }]);
    expect(await fetchFrom(await addressOf(second), cid, dir, 'two')).not.toBe(0);
    await shareBy(data, file);
    expect((await statusOf(data)).shares).toMatchObject([{ state: 'shared', sentBytes: 0 }]);
    expect(await fetchFrom(await addressOf(second), cid, dir, 'three')).toBe(0);
  });

  it('end a share after its time', async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const file = await randomFile(join(dir, 'file.bin'), 100);
    const daemon = await started(data, '--max-seed-time', '0.1', file);
    expect(await daemon.until('share_ended')).toMatchObject({ reason: 'time', path: file });
    expect((await statusOf(data)).shares).toMatchObject([{ state: 'time' }]);
    for (const [option, value] of [
      ['--max-ratio', '0'],
      ['--max-ratio', 'two'],
      ['--max-seed-time', '-1'],
      ['--max-connections', '0'],
    ]) {
      const { code, stderr } = await run(['daemon', '--data', data, option!, value!]);
      expect(code).toBe(2);
      expect(stderr).toContain(`${option}: '${value}' is not accepted`);
    }
  });
});

describe('the socket', { timeout: 240_000 }, () => {
  it("is its user's alone, and goes with the daemon", async () => {
    const data = join(await scratch(), 'data');
    const daemon = await started(data);
    const { socket } = await daemon.until('daemon_started');
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    expect((await stat(join(data, 'daemon'))).mode & 0o777).toBe(0o700);
    expect(await daemon.end()).toBe(0);
    await expect(stat(socket)).rejects.toThrow('ENOENT');
    await chmod(join(data, 'daemon'), 0o770);
    const refused = daemonOf(data);
    expect(await refused.exit).toBe(1);
    expect(refused.stderr).toMatch(/others may use it, and so the daemon; take that back with: ch/);
  });

  it('takes the lines of --control, one after another, and says what is none', async () => {
    const data = join(await scratch(), 'data');
    const daemon = await started(data);
    const socket = dial(data);
    socket.end('uplink 1MiB/s\n\nfaster\nshare relative\nget {"thing":1}\nshare {"path":\nstatus');
    const lines = (await heard(socket)).split('\n').filter((line) => line !== '');
    const ends = lines.map((line) => JSON.parse(line)).filter(({ command }) => command);
    expect(ends.map(({ command, event, code }) => [command, event, code])).toEqual([
      ['uplink', 'command_completed', undefined],
      ['faster', 'command_failed', 'ERR_USAGE'],
      ['share', 'command_failed', 'ERR_USAGE'],
      ['get', 'command_failed', 'ERR_USAGE'],
      ['share', 'command_failed', 'ERR_USAGE'],
      ['status', 'command_completed', undefined],
    ]);
    expect(await daemon.until('link_limited')).toMatchObject({ uplinkBytesPerSecond: MIB });
  });

  it('cuts long lines and more terminals than it takes', async () => {
    const data = join(await scratch(), 'data');
    await started(data);
    const long = dial(data);
    long.write('x'.repeat(100_000));
    expect(await heard(long)).toContain('ERR_TOO_LARGE');
    const idle = Array.from({ length: 32 }, () => dial(data));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    expect(await heard(dial(data))).toContain('ERR_BUSY');
    idle[0]!.destroy();
    await expect.poll(async () => (await run(['status', '--data', data])).code).toBe(0);
  });

  it('hangs up on a terminal that reads nothing and writes on', async () => {
    const data = join(await scratch(), 'data');
    await started(data);
    const socket = dial(data);
    socket.pause();
    let isOver = false;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        isOver = true;
        resolve();
      });
    });
    // Answers fill what the system holds; then a line without an end is refused, and read no more.
    for (let i = 0; i < 100; i++) socket.write('?\n'.repeat(500));
    while (!isOver) {
      const isFull = !socket.write(Buffer.alloc(MIB, 'x'));
      if (isFull)
        await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
    }
    expect((await run(['status', '--data', data])).code).toBe(0);
  });

  it('keeps little for a terminal that never reads', needs(LINUX), async () => {
    const dir = await scratch();
    const data = join(dir, 'data');
    const daemon = await started(data, await randomFile(join(dir, 'a'), 10));
    await daemon.until('file_shared');
    const rss = async (): Promise<number> => {
      const text = await readFile(`/proc/${daemon.child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024;
    };
    const before = await rss();
    for (let i = 0; i < 20; i++) {
      const socket = dial(data);
      socket.pause();
      socket.write('status\n'.repeat(4000));
    }
    const reading = dial(data);
    reading.end('status\n'.repeat(100));
    expect((await heard(reading)).split('command_completed')).toHaveLength(101);
    expect((await rss()) - before).toBeLessThan(64 * MIB);
  });
});
