import { describe, expect, it } from 'vitest';
import { createRng, shuffle } from '../../src/runtime/rng.ts';

describe('createRng', () => {
  it('repeats itself with its seed, and differs with another, however alike', () => {
    const take = (seed: number): number[] => {
      const rng = createRng(seed);
      return Array.from({ length: 5 }, () => rng.next());
    };
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
    expect(take(1)).not.toEqual(take(1 + 2 ** 32));
  });

  it('draws every value below a limit about as often', () => {
    const rng = createRng(7);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[rng.below(10)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('shuffles without losing anything, first places fairly drawn', () => {
    const first = new Array<number>(5).fill(0);
    for (let seed = 0; seed < 10_000; seed++) {
      const items = shuffle([0, 1, 2, 3, 4], createRng(seed));
      expect([...items].sort()).toEqual([0, 1, 2, 3, 4]);
      first[items[0]!]!++;
    }
    for (const count of first) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });
});
