// What a client's bodies must bring in the mean, on a clock that the test moves.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MEAN_MS, MeanRate, MIN_BYTES_PER_SECOND } from '../../../src/client/http/least-rate.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** Seconds until it is given up, of a day. */
function secondsOf(min: number, each: (mean: MeanRate, second: number) => void): number {
  let isSlow = false;
  const mean = new MeanRate(min, () => {
    isSlow = true;
  });
  mean.resume();
  for (let second = 1; second <= 86_400; second++) {
    vi.advanceTimersByTime(1000);
    each(mean, second);
    if (isSlow) return second;
  }
  return Number.POSITIVE_INFINITY;
}

describe('the mean rate', () => {
  it.each<[string, number, (second: number) => number]>([
    ['a byte a second', MEAN_MS / 1000, () => 1],
    ['nearly enough', MEAN_MS / 1000, () => MIN_BYTES_PER_SECOND - 1],
    ['enough', Number.POSITIVE_INFINITY, () => MIN_BYTES_PER_SECOND],
    // 9.6 kbit/s, less what TCP and IP take of segments of 536 bytes.
    ['GSM', Number.POSITIVE_INFINITY, () => 1110],
    [
      'GSM that fails every other minute',
      Number.POSITIVE_INFINITY,
      (s) => (s % 120 < 60 ? 1110 : 0),
    ],
    ['a burst, then drops', 2 * (MEAN_MS / 1000) - 1, (s) => (s === 599 ? 10_000_000 : 1)],
  ])('of %s', (_, seconds, bytesAt) => {
    const given = secondsOf(MIN_BYTES_PER_SECOND, (mean, second) => {
      const bytes = bytesAt(second);
      if (bytes > 0) mean.handleBytes(bytes);
    });
    expect(given).toBe(seconds);
  });

  it('counts several bodies as one, and no time in which none is awaited', () => {
    // A little more: the first of four comes when the window ends.
    const each = MIN_BYTES_PER_SECOND / 4 + 1;
    const together = secondsOf(MIN_BYTES_PER_SECOND, (mean, second) => {
      if (second <= 3) mean.resume();
      for (let i = 0; i < 4; i++) mean.handleBytes(each);
    });
    expect(together).toBe(Number.POSITIVE_INFINITY);
    const halting = secondsOf(MIN_BYTES_PER_SECOND, (mean, second) => {
      if (second % 10 === 1) mean.pause();
      if (second % 10 === 0) mean.resume();
      mean.handleBytes(1);
    });
    // Of ten seconds one is awaited.
    expect(halting).toBeGreaterThan((9 * MEAN_MS) / 1000);
    expect(halting).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});
