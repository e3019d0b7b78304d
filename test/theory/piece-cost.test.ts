import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestPieces, fitPieceCost, secondsWith } from '../../src/theory/piece-cost.ts';

const MIB = 2 ** 20;
const DISTRIBUTION = { fileBytes: 32 * MIB, uplink: 4 * MIB, receivers: 8 };
const COUNTS = [8, 32, 128, 512, 2048];

const measured = (cost: Parameters<typeof secondsWith>[1]) =>
  COUNTS.map((pieces) => ({ pieces, seconds: secondsWith(DISTRIBUTION, cost, pieces) }));

describe('the cost of pieces', () => {
  it('is the whole-piece bound, and so much for each and once', () => {
    // 8 s for a copy, three doublings of an eighth of it.
    expect(secondsWith(DISTRIBUTION, { secondsPerPiece: 0, fixedSeconds: 0 }, 8)).toBe(11);
    expect(secondsWith(DISTRIBUTION, { secondsPerPiece: 0.25, fixedSeconds: 2 }, 8)).toBe(15);
  });

  it('is found again from what it gives', () => {
    const seconds = fc.double({ min: 0.0001, max: 0.1, noNaN: true });
    const fixed = fc.double({ min: -1, max: 10, noNaN: true });
    fc.assert(
      fc.property(seconds, fixed, (secondsPerPiece, fixedSeconds) => {
        const fit = fitPieceCost(DISTRIBUTION, measured({ secondsPerPiece, fixedSeconds }))!;
        expect(fit.secondsPerPiece).toBeCloseTo(secondsPerPiece, 9);
        expect(fit.fixedSeconds).toBeCloseTo(fixedSeconds, 6);
        expect(fit.residualSeconds).toBeLessThan(1e-6);
      }),
    );
  });

  it('leaves what is off the curve as residual, and fits better than other constants', () => {
    const cost = { secondsPerPiece: 0.002, fixedSeconds: 0.5 };
    const points = measured(cost).map((point, i) => ({
      ...point,
      seconds: point.seconds + [0.3, -0.2, -0.3, 0.1, 0.1][i]!,
    }));
    const fit = fitPieceCost(DISTRIBUTION, points)!;
    const residual = (perPiece: number, fixedSeconds: number): number => {
      const other = { secondsPerPiece: perPiece, fixedSeconds };
      const squares = points.map(
        ({ pieces, seconds }) => (seconds - secondsWith(DISTRIBUTION, other, pieces)) ** 2,
      );
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    };
    expect(fit.residualSeconds).toBeCloseTo(residual(fit.secondsPerPiece, fit.fixedSeconds), 12);
    expect(fit.residualSeconds).toBeGreaterThan(0.2);
    for (const [c, d] of [
      [1e-5, 0],
      [-1e-5, 0],
      [0, 1e-3],
      [0, -1e-3],
    ] as const) {
      expect(fit.residualSeconds).toBeLessThan(
        residual(fit.secondsPerPiece + c, fit.fixedSeconds + d),
      );
    }
  });

  it('has no fit of two numbers of pieces, however often each was measured', () => {
    const [a, b] = measured({ secondsPerPiece: 0.001, fixedSeconds: 0 });
    expect(fitPieceCost(DISTRIBUTION, [a!, b!, a!, b!])).toBeUndefined();
  });

  it('has no optimum where more pieces only help', () => {
    const fit = fitPieceCost(DISTRIBUTION, measured({ secondsPerPiece: -0.001, fixedSeconds: 9 }))!;
    expect(fit.secondsPerPiece).toBeLessThan(0);
    expect(fit.bestPieces).toBeUndefined();
  });
});

describe('the best number of pieces', () => {
  it('is M*, where the derivative is zero', () => {
    // sqrt(8 s x 3 / 0.0024 s).
    const cost = { secondsPerPiece: 0.0024, fixedSeconds: 1 };
    expect(bestPieces(DISTRIBUTION, cost)).toBe(100);
    expect(fitPieceCost(DISTRIBUTION, measured(cost))!.bestPieces).toBe(100);
  });

  it('is one for a single receiver, who forwards to nobody', () => {
    const cost = { secondsPerPiece: 1e-6, fixedSeconds: 0 };
    expect(bestPieces({ ...DISTRIBUTION, receivers: 1 }, cost)).toBe(1);
  });

  it('is better than any other', () => {
    const few = fc.integer({ min: 1, max: 40 });
    const cost = fc.double({ min: 0.01, max: 5, noNaN: true });
    fc.assert(
      fc.property(few, cost, (receivers, secondsPerPiece) => {
        const distribution = { fileBytes: 100, uplink: 10, receivers };
        const given = { secondsPerPiece, fixedSeconds: 0 };
        const best = secondsWith(distribution, given, bestPieces(distribution, given));
        for (let pieces = 1; pieces <= 200; pieces++) {
          expect(best).toBeLessThanOrEqual(secondsWith(distribution, given, pieces) + 1e-9);
        }
      }),
    );
  });
});
