import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, shuffle } from '../../src/runtime/rng.ts';
import { allRequested, everyPieceOut, expectedCopies } from '../../src/theory/coupons.ts';

/** All sets of so many pieces, as bits. */
function sets(pieces: number, size: number): number[] {
  const bits = (set: number): number => (set === 0 ? 0 : (set & 1) + bits(set >> 1));
  return Array.from({ length: 1 << pieces }, (_, set) => set).filter((set) => bits(set) === size);
}

/** By counting every way in which the receivers can have asked. */
function counted(pieces: number, sizes: readonly number[]): number {
  let unions = [0];
  for (const size of sizes) {
    unions = unions.flatMap((union) => sets(pieces, size).map((set) => union | set));
  }
  return unions.filter((union) => union === (1 << pieces) - 1).length / unions.length;
}

describe('requests for any piece', () => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 3],
    [3, 7],
    [4, 6],
    [5, 6],
  ])('M = %i, %i requests: the chance is what counting gives', (pieces, requests) => {
    const sizes = new Array<number>(requests).fill(1);
    expect(allRequested(pieces, requests)).toBeCloseTo(counted(pieces, sizes), 12);
  });

  it('never name all pieces when they are fewer', () => {
    expect(allRequested(10, 9)).toBe(0);
    expect(allRequested(2048, 2047)).toBe(0);
  });

  it.each([1, 2, 8, 24])('take M H_M on average until all %i are named', (pieces) => {
    let requests = 0;
    for (let n = 0; n < 25 * pieces; n++) requests += 1 - allRequested(pieces, n);
    expect(requests / pieces).toBeCloseTo(expectedCopies(pieces), 6);
  });

  it('H_M is ln M and Euler-Mascheroni', () => {
    expect(expectedCopies(1)).toBe(1);
    expect(expectedCopies(4)).toBeCloseTo(25 / 12, 12);
    expect(expectedCopies(1e6)).toBeCloseTo(Math.log(1e6) + 0.5772156649 + 0.5e-6, 9);
  });
});

describe('receivers that each ask for pieces at random', () => {
  it.each([
    [4, 2, 1.5, [3, 3]],
    [4, 2, 1.25, [3, 2]],
    [4, 3, 1, [2, 1, 1]],
    [5, 3, 2, [4, 3, 3]],
    [6, 3, 1.5, [3, 3, 3]],
    [3, 4, 2, [2, 2, 1, 1]],
  ])('M = %i, N = %i, %d copies: the chance is what counting gives', (m, n, copies, sizes) => {
    expect(everyPieceOut(m, n, copies)).toBeCloseTo(counted(m, sizes), 12);
  });

  it('agree with four thousand crowds drawn by lot', () => {
    const [pieces, receivers, copies] = [32, 6, 3];
    const rng = createRng(5);
    let whole = 0;
    for (let trial = 0; trial < 4000; trial++) {
      const out = new Set<number>();
      for (let i = 0; i < receivers; i++) {
        const order = shuffle(
          Uint16Array.from({ length: pieces }, (_, piece) => piece),
          rng,
        );
        for (const piece of order.subarray(0, (pieces * copies) / receivers)) out.add(piece);
      }
      if (out.size === pieces) whole++;
    }
    // Five standard errors of 4000 trials are at most 0.04.
    expect(Math.abs(everyPieceOut(pieces, receivers, copies) - whole / 4000)).toBeLessThan(0.04);
  });

  it('have a chance from 0 before one copy to 1 with all, growing with every request', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 12 }), (m, n) => {
        expect(everyPieceOut(m, n, (m - 0.5) / m)).toBe(0);
        expect(everyPieceOut(m, n, n)).toBeCloseTo(1, 9);
        let before = 0;
        for (let sent = m; sent <= n * m; sent++) {
          const chance = everyPieceOut(m, n, (sent + 0.5) / m);
          expect(chance).toBeGreaterThanOrEqual(before - 1e-12);
          expect(chance).toBeLessThanOrEqual(1 + 1e-12);
          before = chance;
        }
      }),
      { numRuns: 15 },
    );
  });

  it('are one receiver who never asks twice, or many who are the coupon collector', () => {
    expect(everyPieceOut(100, 1, 1)).toBeCloseTo(1, 12);
    expect(everyPieceOut(50, 200, 4)).toBeCloseTo(allRequested(50, 200), 12);
    // Neither the large file nor its small probabilities get lost in rounding.
    expect(everyPieceOut(2048, 8, 7.9)).toBeGreaterThan(0.99);
    expect(everyPieceOut(2048, 8, 4)).toBeLessThan(0.01);
  });
});
