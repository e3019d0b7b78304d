import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median } from '../../../../src/lab/analysis/stats/quantile.ts';
import {
  bandOf,
  completionCurve,
  type StepCurve,
} from '../../../../src/lab/analysis/stats/step-curve.ts';

const times = fc.array(fc.option(fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 12 });

/** Slowly, by the definition. */
const at = (curve: StepCurve, x: number): number =>
  curve.filter(([from]) => from <= x).at(-1)?.[1] ?? 0;

describe('completions over time', () => {
  it('step by step, those at one moment together, whatever the order', () => {
    expect(completionCurve([3, 1, 3, 2])).toEqual([
      [1, 0.25],
      [2, 0.5],
      [3, 1],
    ]);
  });

  it('stay below 1 if some never finished, and are no steps if none did', () => {
    expect(completionCurve([2, null])).toEqual([[2, 0.5]]);
    expect(completionCurve([null, null])).toEqual([]);
  });

  it('are the share of all that had completed by then', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 60 }), (list, x) => {
        const done = list.filter((time) => time !== null && time <= x).length;
        expect(at(completionCurve(list), x)).toBe(done / list.length);
      }),
    );
  });
});

describe('the band of several runs', () => {
  it('is the median between the least and the most at every jump', () => {
    const runs: StepCurve[] = [
      [
        [1, 0.5],
        [4, 1],
      ],
      [[2, 1]],
      [],
    ];
    expect(bandOf(runs)).toEqual([
      { x: 1, median: 0, min: 0, max: 0.5 },
      { x: 2, median: 0.5, min: 0, max: 1 },
      { x: 4, median: 1, min: 0, max: 1 },
    ]);
  });

  it('of one run is that run, of none nothing', () => {
    expect(bandOf([[[1, 0.5]]])).toEqual([{ x: 1, median: 0.5, min: 0.5, max: 0.5 }]);
    expect(bandOf([])).toEqual([]);
  });

  it('is right at any moment', () => {
    const crowds = fc.array(times, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(crowds, fc.integer({ min: 0, max: 60 }), (lists, x) => {
        const curves = lists.map(completionCurve);
        const values = curves.map((curve) => at(curve, x));
        const point = bandOf(curves)
          .filter((one) => one.x <= x)
          .at(-1);
        expect(point?.median ?? 0).toBe(median(values));
        expect(point?.min ?? 0).toBe(Math.min(...values));
        expect(point?.max ?? 0).toBe(Math.max(...values));
      }),
    );
  });
});
