// --max-connections of a daemon, with more peers around it than it may have.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomFile, scratch, start } from '../binary.ts';
import { addressOf, shareBy, started, statusOf } from './daemons.ts';

const MOST = 4;
const AROUND = 7;

it('has no more connections than it was told, and serves who comes then', async () => {
  const dir = await scratch();
  const data = join(dir, 'data');
  const daemon = await started(data, '--max-connections', `${MOST}`);
  const cid = await shareBy(data, await randomFile(join(dir, 'f'), 300_000));
  const from = await addressOf(daemon);
  const around = Array.from({ length: AROUND }, (_, i) =>
    start(['peer', '--json', '--data', join(dir, `around${i}`), '--join', from]),
  );
  await Promise.all(around.map((peer) => peer.until('listening')));
  const counts: number[] = [];
  while (counts.filter((count) => count > 1).length < 5) {
    counts.push((await statusOf(data)).neighbours.length);
  }
  const how = ['--linger', '0', '--timeout', '60'];
  const where = ['--data', join(dir, 'late-data'), '--out', join(dir, 'late')];
  const late = start(['peer', '--json', ...where, '--join', from, '--get', cid, ...how]);
  expect(await late.exit).toBe(0);
  counts.push((await statusOf(data)).neighbours.length);
  expect(Math.max(...counts)).toBeLessThanOrEqual(MOST);
}, 120_000);
