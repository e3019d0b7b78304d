// Peers that take and never give, among peers that answer in kind: real
// processes on 127.0.0.1.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Running, randomFile, scratch, start } from '../binary.ts';

const BYTES = 4 * 2 ** 20;
const PIECES = 64;

it('under tit-for-tat, who gives nothing is left behind by those who give', async () => {
  const dir = await scratch();
  const file = await randomFile(join(dir, 'content.bin'), BYTES);
  const peer = (name: string, uplink: string, ...args: string[]): Running => {
    const data = ['--data', join(dir, `${name}-data`), '--choker', 'tit-for-tat'];
    return start(['peer', '--json', ...data, '--uplink', uplink, ...args]);
  };
  const origin = peer('origin', '1536KiB/s', '--share', file, '--chunk-size', '64KiB');
  const address = (await origin.until('listening')).addresses[0]!;
  const { cid } = await origin.until('file_shared');
  const fetcher = (name: string, uplink: string): Running =>
    peer(name, uplink, '--hold', '--join', address, '--get', cid, '--out', join(dir, name));
  // Slower than the origin, so that there are no grants that nobody else wants.
  const honest = ['a', 'b', 'c'].map((name) => fetcher(name, '768KiB/s'));
  const riders = ['r', 's'].map((name) => {
    const what = ['--kind', 'free-rider', '--join', address, '--cid', cid, '--hold'];
    const where = ['--data', join(dir, `${name}-data`), '--out', join(dir, name)];
    return start(['attack', '--json', ...what, ...where, '--choker', 'tit-for-tat']);
  });
  for (const each of [...honest, ...riders]) await each.until('held');
  for (const each of [...honest, ...riders]) each.child.stdin!.write('\n');

  const done = await Promise.all(honest.map((each) => each.until('transfer_completed')));
  const honestDone = Math.max(...done.map(({ t }) => t));
  // They get the file all the same, when nobody else wants the grants any more.
  for (const rider of riders) {
    const { t } = await rider.until('transfer_completed');
    expect(t).toBeGreaterThan(honestDone);
    const then = rider.events.filter((e) => e.event === 'piece_verified' && e.t <= honestDone);
    // When all cooperate, they have all of them by then.
    expect(then.length).toBeLessThan(0.85 * PIECES);
  }
}, 60_000);
