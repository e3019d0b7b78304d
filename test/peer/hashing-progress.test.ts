import { expect, it } from 'vitest';
import { hashingProgress } from '../../src/peer/hashing-progress.ts';
import type { Event } from '../../src/telemetry/event.ts';

it('is told after 2 s, and then every 10 s', () => {
  let now = 5000;
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  const progress = hashingProgress({ now: () => now }, emit, '/tmp/dir/big');
  for (; now < 30_000; now += 100) progress(now, 30_000);
  const told = { event: 'hashing_progressed', name: 'big', total: 30_000 };
  expect(events).toEqual([7000, 17_000, 27_000].map((bytes) => ({ ...told, bytes })));
});
