import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Interval,
  medianInterval,
  ratioInterval,
} from '../../../../src/lab/analysis/stats/interval.ts';
import { median } from '../../../../src/lab/analysis/stats/quantile.ts';
import { createRng } from '../../../../src/runtime/rng.ts';

const rng = () => createRng(7);
const times = (minLength: number, maxLength: number) =>
  fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true }), { minLength, maxLength });
const few = { numRuns: 25 };

describe('the interval of a median', () => {
  it('needs five runs', () => {
    expect(medianInterval([1, 2, 3, 4], rng())).toBeUndefined();
    expect(medianInterval([1, 2, 3, 4, 5], rng())).toBeDefined();
  });

  it('of five is their range, as the median of a resample is one of the ends often enough', () => {
    expect(medianInterval([5, 1, 4, 2, 3], rng())).toEqual({ low: 1, high: 5 });
  });

  it('is the same from the same seed, and about the same from another', () => {
    const values = Array.from({ length: 30 }, (_, i) => i);
    expect(medianInterval(values, createRng(1))).toEqual(medianInterval(values, createRng(1)));
    const [a, b] = [1, 2].map((seed) => medianInterval(values, createRng(seed))!);
    expect(Math.abs(a!.low! - b!.low!)).toBeLessThanOrEqual(2);
    expect(Math.abs(a!.high! - b!.high!)).toBeLessThanOrEqual(2);
  });

  it('holds the median, lies within the range, and has no width where nothing varies', () => {
    fc.assert(
      fc.property(times(5, 25), (values) => {
        const { low, high } = medianInterval(values, rng())!;
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
        expect(low).toBeLessThanOrEqual(median(values));
        expect(high).toBeGreaterThanOrEqual(median(values));
      }),
      few,
    );
    expect(medianInterval([3, 3, 3, 3, 3, 3], rng())).toEqual({ low: 3, high: 3 });
  });

  it('grows narrower with more runs', () => {
    const width = (count: number): number => {
      const source = createRng(count);
      const { low, high } = medianInterval(
        Array.from({ length: count }, () => source.next()),
        rng(),
      )!;
      return high! - low!;
    };
    expect(width(200)).toBeLessThan(width(50) * 0.8);
    expect(width(50)).toBeLessThan(width(12) * 0.8);
  });

  it('covers the true median about as often as it says', () => {
    const source = createRng(3);
    let covered = 0;
    for (let trial = 0; trial < 100; trial++) {
      const values = Array.from({ length: 9 }, () => source.next());
      const { low, high } = medianInterval(values, source)!;
      if (low! <= 0.5 && high! >= 0.5) covered++;
    }
    expect(covered).toBeGreaterThan(85);
    expect(covered).toBeLessThan(100);
  });

  it('is open above where runs never finished, and knows nothing where most did not', () => {
    expect(medianInterval([1, 2, 3, 4, null], rng())).toEqual({ low: 1, high: null });
    expect(medianInterval([null, null, null, null, null], rng())).toEqual({
      low: null,
      high: null,
    });
  });
});

describe('the interval of paired ratios', () => {
  it('needs five pairs', () => {
    expect(ratioInterval([2, 4, 6, 8], [1, 2, 3, 4, 5], rng())).toBeUndefined();
  });

  it('has no width where every pair says the same, however unlike the pairs are', () => {
    const { low, high } = ratioInterval([2, 20, 6, 200, 8], [1, 10, 3, 100, 4], rng())!;
    expect(low).toBeCloseTo(2, 12);
    expect(high).toBeCloseTo(2, 12);
  });

  it('is turned over with the arms', () => {
    const pairs = fc.array(fc.tuple(fc.double({ min: 0.1, max: 9, noNaN: true }), fc.nat(9)), {
      minLength: 5,
      maxLength: 15,
    });
    fc.assert(
      fc.property(pairs, (list) => {
        const over = list.map(([value]) => value);
        const under = list.map(([, value]) => value + 1);
        const one = ratioInterval(over, under, rng()) as Interval;
        const other = ratioInterval(under, over, rng()) as Interval;
        expect(one.low! * other.high!).toBeCloseTo(1, 9);
        expect(one.high! * other.low!).toBeCloseTo(1, 9);
      }),
      few,
    );
  });

  it.each<[string, (number | null)[], (number | null)[], Interval | undefined]>([
    [
      'the one above never finished',
      [null, null, null, null, null],
      [1, 1, 1, 1, 1],
      { low: null, high: null },
    ],
    [
      'the one below never finished',
      [1, 1, 1, 1, 1],
      [null, null, null, null, null],
      { low: 0, high: 0 },
    ],
    ['neither did: no ratio', [null, 2, 2, 2, 2], [null, 1, 1, 1, 1], undefined],
    [
      'either, as often',
      [null, null, null, 1, 1, 1],
      [1, 1, 1, null, null, null],
      { low: 0, high: null },
    ],
  ])('%s', (_, over, under, expected) => {
    expect(ratioInterval(over, under, rng())).toEqual(expected);
  });
});
