import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairnessIndex } from '../../../../src/lab/analysis/stats/fairness.ts';

describe("Jain's index", () => {
  it.each([
    [[5], 1],
    [[2, 2, 2], 1],
    [[1, 0, 0, 0], 1 / 4],
    [[7, 7, 0, 0], 1 / 2],
    [[1, 3], 16 / 20],
    [[1e200, 1e200], 1],
  ])('of %o is %d', (shares, index) => {
    expect(fairnessIndex(shares)).toBeCloseTo(index, 12);
  });

  it('of nothing shared is undefined, not fair', () => {
    expect(fairnessIndex([])).toBeUndefined();
    expect(fairnessIndex([0, 0])).toBeUndefined();
  });

  it('lies in [1 / n, 1], whatever the unit, and rises as the richest gives to the poorest', () => {
    const shares = fc
      .array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 20 })
      .filter((list) => list.some((share) => share > 0));
    fc.assert(
      fc.property(shares, (list) => {
        const index = fairnessIndex(list)!;
        expect(index).toBeGreaterThanOrEqual(1 / list.length - 1e-12);
        expect(index).toBeLessThanOrEqual(1 + 1e-12);
        expect(fairnessIndex(list.map((share) => share * 0.001))).toBeCloseTo(index, 9);
        const sorted = [...list].sort((a, b) => a - b);
        const given = (sorted.at(-1)! - sorted[0]!) / 2;
        const after = sorted.with(0, sorted[0]! + given).with(-1, sorted.at(-1)! - given);
        expect(fairnessIndex(after)).toBeGreaterThanOrEqual(index - 1e-12);
      }),
    );
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('has no share of %d', (share) => {
    expect(() => fairnessIndex([1, share])).toThrow(/invariant/);
  });
});
