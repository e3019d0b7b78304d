import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markOutliers } from '../../../../src/lab/analysis/stats/outliers.ts';

/** The places of what is marked. */
const marked = (values: readonly (number | null)[]): number[] =>
  markOutliers(values).flatMap((is, i) => (is ? [i] : []));

describe('outliers', () => {
  it.each<[string, (number | null)[], number[]]>([
    ['one far off', [10, 11, 12, 12, 13, 14, 35], [6]],
    ['one on either side', [-50, 10, 11, 12, 13, 14, 80], [0, 6]],
    ['none', [10, 11, 12, 13, 14], []],
    ['too few to tell', [1, 1.01, 1.02, 50], []],
    ['all alike', [3, 3, 3, 3, 3], []],
    // The MAD is 0: two of n are off by n / 2 mean deviations, of which 1.2533 count.
    ['most alike', [3, 3, 3, 3, 3, 3, 3, 11, 11], [7, 8]],
    ['most alike, two of fewer', [3, 3, 3, 3, 3, 3, 11, 11], []],
    ['most alike, one never finished', [3, 3, 3, 3, 3, 3, 3, 11, null], [7, 8]],
    ['most alike, two a little off', [3, 3, 3, 3, 3.1, 3.2], []],
    ['one that never finished', [10, 11, null, 12, 13], [2]],
    ['one that never finished, the others alike', [3, 3, null, 3, 3], [2]],
    ['most never finished', [10, null, null, null, 11], []],
    ['nothing', [], []],
  ])('%s', (_, values, places) => {
    expect(marked(values)).toEqual(places);
  });

  it('begin beyond 3.5 modified z-scores', () => {
    // Median 0, MAD 1: 3.5 / 0.6745 = 5.19.
    expect(marked([-2, -1, 0, 1, 5.18])).toEqual([]);
    expect(marked([-2, -1, 0, 1, 5.2])).toEqual([4]);
  });

  it('are the same in other units, and never the half next to the median', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 4, 1024), (list, unit) => {
        expect(marked(list.map((value) => value * unit))).toEqual(marked(list));
        expect(marked(list).length).toBeLessThanOrEqual(list.length / 2);
      }),
    );
  });
});
