import { describe, expect, it } from 'vitest';
import { Quota } from '../../../src/peer/node/quota.ts';
import { Reservations } from '../../../src/peer/relay/reservations.ts';
import { systemClock } from '../../../src/runtime/clock.ts';

function stoppedClock() {
  let now = 0;
  return { ...systemClock, now: () => now, advance: (ms: number) => (now += ms) };
}

const HOUR_MS = 60 * 60_000;

describe('reservations', () => {
  it('are bounded for one host, and renewed there', () => {
    const reservations = new Reservations(stoppedClock());
    for (let at = 0; at < 16; at++) expect(reservations.grant(`peer${at}`, 'host')).toBe(HOUR_MS);
    expect(reservations.grant('one more', 'host')).toBeUndefined();
    expect(reservations.grant('peer3', 'host')).toBe(HOUR_MS);
    expect(reservations.grant('one more', 'elsewhere')).toBe(HOUR_MS);
  });

  it('are bounded in all, and make room when they end', () => {
    const clock = stoppedClock();
    const reservations = new Reservations(clock);
    for (let at = 0; at < 128; at++) reservations.grant(`peer${at}`, `host${at}`);
    expect(reservations.grant('one more', 'host')).toBeUndefined();
    reservations.end('peer7');
    expect(reservations.grant('one more', 'host')).toBe(HOUR_MS);
    clock.advance(HOUR_MS);
    expect(reservations.has('one more')).toBe(false);
    expect(reservations.grant('another', 'host')).toBe(HOUR_MS);
  });
});

describe('a quota', () => {
  it('is of one host, and grows again', () => {
    const clock = stoppedClock();
    const quota = new Quota(clock, 2, 100);
    const take = () => [quota.take('a'), quota.take('a'), quota.take('a'), quota.take('b')];
    expect(take()).toEqual([true, true, false, true]);
    clock.advance(99);
    expect(quota.take('a')).toBe(false);
    clock.advance(1);
    expect([quota.take('a'), quota.take('a')]).toEqual([true, false]);
    clock.advance(10_000);
    expect([quota.take('a'), quota.take('a'), quota.take('a')]).toEqual([true, true, false]);
  });
});
