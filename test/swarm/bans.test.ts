import { expect, it } from 'vitest';
import { Bans } from '../../src/swarm/bans.ts';
import { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;

it('ends a ban for load by itself, and makes the next one longer, up to an hour', async () => {
  const clock = new VirtualClock();
  const bans = new Bans(clock);
  expect(bans.has('busy')).toBe(false);
  expect(bans.add('busy', true)).toBe(MINUTE);
  await clock.advance(MINUTE - 1);
  expect(bans.has('busy')).toBe(true);
  await clock.advance(1);
  expect(bans.has('busy')).toBe(false);
  expect(bans.add('busy', true)).toBe(2 * MINUTE);
  for (let times = 0; times < 10; times++) bans.add('busy', true);
  expect(bans.add('busy', true)).toBe(60 * MINUTE);
});

it('never ends a ban for a broken rule, nor one for load after it', async () => {
  const clock = new VirtualClock();
  const bans = new Bans(clock);
  expect(bans.add('liar', false)).toBe(Number.POSITIVE_INFINITY);
  expect(bans.add('liar', true)).toBe(Number.POSITIVE_INFINITY);
  await clock.advance(1000 * 60 * MINUTE);
  expect(bans.has('liar')).toBe(true);
});

it('remembers a bounded number, and forgets the one that was banned first', () => {
  const bans = new Bans(new VirtualClock());
  for (let peer = 0; peer <= 16_384; peer++) bans.add(`${peer}`, false);
  expect(bans.has('0')).toBe(false);
  expect(bans.has('1')).toBe(true);
});
