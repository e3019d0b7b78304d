import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Geometry, MAX_PIECE_LENGTH } from '../../src/content/geometry.ts';

const lengths = fc.array(fc.integer({ min: 1, max: MAX_PIECE_LENGTH }), { maxLength: 200 });

describe('Geometry', () => {
  it('tiles the content: every piece begins where the one before ends', () => {
    fc.assert(
      fc.property(lengths, (given) => {
        const geometry = new Geometry(given);
        expect(geometry.pieceCount).toBe(given.length);
        let end = 0;
        for (const [piece, length] of given.entries()) {
          expect(geometry.offset(piece)).toBe(end);
          expect(geometry.length(piece)).toBe(length);
          end += length;
        }
        expect(geometry.totalLength).toBe(end);
        expect(geometry.maxLength).toBe(Math.max(0, ...given));
      }),
    );
  });

  it('finds the piece of each first and last byte', () => {
    fc.assert(
      fc.property(lengths, (given) => {
        const geometry = new Geometry(given);
        for (let piece = 0; piece < geometry.pieceCount; piece++) {
          const first = geometry.offset(piece);
          expect(geometry.pieceAt(first)).toBe(piece);
          expect(geometry.pieceAt(first + geometry.length(piece) - 1)).toBe(piece);
        }
      }),
    );
  });

  it.each([[[0]], [[1, MAX_PIECE_LENGTH + 1]], [[1.5]], [[Number.NaN]], [[-1]]])(
    'does not accept pieces of %j bytes',
    (given) => {
      expect(() => new Geometry(given)).toThrow(/invariant/);
    },
  );

  it.each([-1, 3, 4])('has no piece at byte %i of 3', (offset) => {
    expect(() => new Geometry([1, 2]).pieceAt(offset)).toThrow(/invariant/);
  });
});
