import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PieceRanking } from '../../src/exchange/ranking.ts';
import { createRng } from '../../src/runtime/rng.ts';

const change = fc.record({
  kind: fc.constantFrom('increment' as const, 'decrement' as const, 'remove' as const),
  piece: fc.nat(11),
});

describe('PieceRanking', () => {
  it('stays sorted by count and agrees with a plain map', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), fc.nat(), (changes, seed) => {
        const ranking = new PieceRanking(12, createRng(seed));
        const model = new Map(Array.from({ length: 12 }, (_, piece) => [piece, 0]));
        for (const { kind, piece } of changes) {
          ranking[kind](piece);
          const count = model.get(piece);
          if (count === undefined) continue;
          if (kind === 'remove') model.delete(piece);
          else model.set(piece, Math.max(0, count + (kind === 'increment' ? 1 : -1)));
        }
        const ranked = Array.from({ length: ranking.size }, (_, place) => ranking.at(place));
        expect([...ranked].sort((a, b) => a - b)).toEqual([...model.keys()]);
        const counts = ranked.map((piece) => ranking.count(piece));
        expect(counts).toEqual(ranked.map((piece) => model.get(piece)));
        expect(counts).toEqual([...counts].sort((a, b) => a - b));
      }),
    );
  });

  it('draws ties: each of the rarest pieces comes first about as often', () => {
    const first = new Array<number>(4).fill(0);
    for (let seed = 0; seed < 4000; seed++) {
      const ranking = new PieceRanking(8, createRng(seed));
      for (let piece = 0; piece < 4; piece++) ranking.increment(piece + 4);
      // Up and down again must not give a piece a fixed place among its equals.
      ranking.increment(2);
      ranking.decrement(2);
      first[ranking.at(0)]!++;
    }
    for (const times of first) expect(times).toBeGreaterThan(850);
  });
});
