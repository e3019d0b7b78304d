import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  censoredQuantile,
  median,
  pairedRatios,
  quantile,
  rangeOf,
} from '../../../../src/lab/analysis/stats/quantile.ts';

describe('quantile', () => {
  it.each([
    [[3], 0.5, 3],
    [[1, 2], 0.5, 1.5],
    [[5, 1, 3], 0.5, 3],
    [[1, 2, 3, 4], 0.25, 1.75],
    [[1, 2, 3, 4], 1, 4],
    [[10, 9], 0, 9],
  ])('of %o at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBeCloseTo(expected, 12);
  });

  it('of nothing is an error of the caller', () => {
    expect(() => quantile([], 0.5)).toThrow(/invariant/);
  });

  it('lies between the extremes, whatever the order', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const range = rangeOf(list)!;
        expect(range.median).toBeGreaterThanOrEqual(range.min);
        expect(range.median).toBeLessThanOrEqual(range.max);
        // 0 and -0 are one value, but sort as they come.
        expect(median([...list].reverse()) + 0).toBe(range.median + 0);
      }),
    );
  });
});

describe('a quantile with some that never finished', () => {
  it.each<[(number | null)[], number, number | null]>([
    [[1, null, 2], 0.5, 2],
    [[1, null, null], 0.5, null],
    // Between a time and never.
    [[1, 2, null, null], 0.5, null],
    [[1, 2, 3, null], 0.5, 2.5],
    [[1, 2, 3, null], 0.9, null],
    [[1, 2, 3, null], 1, null],
    [[1, null], 0, 1],
    [[null], 0, null],
  ])('of %o at %d is %s', (values, q, expected) => {
    expect(censoredQuantile(values, q)).toBe(expected);
  });

  it('is the plain one if all did, and never earlier for one that did not', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const plain = quantile(list, q);
        expect(censoredQuantile(list, q)).toBe(plain);
        const later = censoredQuantile(
          list.with(-1, Number.NaN).map((t) => (t >= 0 ? t : null)),
          q,
        );
        expect(later ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(plain);
      }),
    );
  });
});

it('a range of nothing is undefined, not 0', () => {
  expect(rangeOf([])).toBeUndefined();
  expect(pairedRatios([], [])).toBeUndefined();
});

it('ratios are taken pair by pair, so that what slowed both cancels out', () => {
  const ratios = pairedRatios([4, 8], [2, 4])!;
  expect(ratios).toMatchObject({ min: 2, max: 2 });
  expect(ratios.median).toBeCloseTo(2, 12);
});

it.each([
  ['twice and half cancel out', [2, 1], [1, 2], 1],
  ['never finishing is infinitely slow', [8, 8], [1, Number.POSITIVE_INFINITY], 0],
])('the median of ratios: %s', (_, over, under, expected) => {
  expect(pairedRatios(over, under)!.median).toBeCloseTo(expected, 12);
});
