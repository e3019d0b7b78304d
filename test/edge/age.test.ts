import { describe, expect, it } from 'vitest';
import { ageOf } from '../../src/edge/age.ts';

const HOUR = 3_600_000;

describe('the age of what the origin confirmed', () => {
  const then = { checkedAtMs: 10 * HOUR, checkedAt: 5000 };
  it.each([
    ['passes with both clocks', { checkedAtMs: 10 * HOUR + 700, checkedAt: 5700 }, 700],
    ['passes although the wall clock was set back', { checkedAtMs: HOUR, checkedAt: 5700 }, 700],
    [
      'is the longer one where the machine slept',
      { checkedAtMs: 12 * HOUR, checkedAt: 5700 },
      2 * HOUR,
    ],
  ])('%s', (_, now, ageMs) => {
    expect(ageOf(then, now)).toBe(ageMs);
  });

  it.each([
    ['is known of an earlier run', 11 * HOUR, HOUR],
    ['is unknown, and counts as any, where a stored time lies ahead', 9 * HOUR, Infinity],
  ])('%s', (_, checkedAtMs, ageMs) => {
    expect(ageOf({ checkedAtMs: 10 * HOUR }, { checkedAtMs, checkedAt: 1 })).toBe(ageMs);
  });
});
