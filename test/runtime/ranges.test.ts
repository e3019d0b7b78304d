import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeRanges, rangesOf } from '../../src/runtime/ranges.ts';

describe('ranges', () => {
  it.each([
    [[], ''],
    [[7], '7'],
    [[0, 1, 2, 3, 7], '0-3, 7'],
    [
      Array.from({ length: 20 }, (_, i) => 2 * i),
      `${Array.from({ length: 16 }, (_, i) => 2 * i).join(', ')}, ...`,
    ],
  ])('of %j read %s', (numbers, text) => {
    expect(describeRanges(rangesOf(numbers))).toBe(text);
  });

  it('hold the numbers they were made of, and no others, up to the cut', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60)), (set) => {
        const numbers = set.sort((a, b) => a - b);
        const back = rangesOf(numbers).flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, i) => first + i),
        );
        expect(back).toEqual(numbers.slice(0, back.length));
        if (rangesOf(numbers).length < 16) expect(back).toHaveLength(numbers.length);
      }),
    );
  });
});
