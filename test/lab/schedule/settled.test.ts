import { describe, expect, it } from 'vitest';
import { isSettled, type Makespans, spreadOf } from '../../../src/lab/schedule/settled.ts';

const repeated = (count: number, of: (i: number) => Makespans): Makespans[] =>
  Array.from({ length: count }, (_, i) => of(i));

describe('the stop rule', () => {
  it.each<[string, Makespans[], boolean]>([
    ['four equal pairs are too few', repeated(4, () => [100, 50]), false],
    ['five equal pairs', repeated(5, () => [100, 50]), true],
    ['both arms slower at times, together', repeated(5, (i) => [100 + 90 * i, 50 + 45 * i]), true],
    ['ratios within some percent', repeated(5, (i) => [100, 50 + i]), true],
    ['ratios far apart', repeated(5, (i) => [100, 50 + 30 * i]), false],
    ['one arm alone, quiet', repeated(5, (i) => [100 + i]), true],
    ['one arm alone, noisy', repeated(5, (i) => [100 + 60 * i]), false],
    ['the third arm noisy', repeated(5, (i) => [100, 50, 50 + 30 * i]), false],
    ['one never completes, ever', repeated(5, () => [null, 50]), true],
    ['neither completes, ever', repeated(5, () => [null, null]), true],
    ['one completes at times', repeated(5, (i) => [100, i === 2 ? null : 50]), false],
  ])('%s: %j', (_, made, settled) => {
    expect(isSettled(spreadOf(made))).toBe(settled);
  });

  it('comes to the same each time', () => {
    const noisy = repeated(7, (i) => [100, 50 + ((i * 7) % 5) * 8]);
    expect(spreadOf(noisy)).toEqual(spreadOf(noisy));
    expect(spreadOf(noisy).halfWidth).toBeGreaterThan(0);
  });
});
