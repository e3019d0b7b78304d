import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, pairedRatios, quantile, rangeOf } from '../../src/lab/stats.ts';

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
