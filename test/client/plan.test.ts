import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextRun } from '../../src/client/plan.ts';
import { Bitfield } from '../../src/content/bitfield.ts';
import { Geometry } from '../../src/content/geometry.ts';

const cases = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 5000 }), here: fc.boolean() }), {
    maxLength: 60,
  })
  .map((pieces) => {
    const have = new Bitfield(pieces.length);
    for (const [i, { here }] of pieces.entries()) if (here) have.add(i);
    return { geometry: new Geometry(pieces.map(({ length }) => length)), have };
  });

it('asks, run after run, for every missing byte once and for no other', () => {
  fc.assert(
    fc.property(cases, ({ geometry, have }) => {
      const asked: number[] = [];
      const missing = [...Array(geometry.pieceCount).keys()].filter((i) => !have.has(i));
      for (let run = nextRun(have, geometry); run; run = nextRun(have, geometry)) {
        expect(run.firstByte).toBe(geometry.offset(run.firstPiece));
        let bytes = 0;
        for (let i = run.firstPiece; i < run.endPiece; i++) {
          expect(have.add(i)).toBe(true);
          asked.push(i);
          bytes += geometry.length(i);
        }
        expect(run.endByte - run.firstByte).toBe(bytes);
      }
      expect(asked).toEqual(missing);
    }),
  );
});

it('asks for as much as lies together at a time', () => {
  const have = new Bitfield(5);
  have.add(0);
  have.add(3);
  expect(nextRun(have, new Geometry([10, 10, 10, 10, 4]))).toEqual({
    firstPiece: 1,
    endPiece: 3,
    firstByte: 10,
    endByte: 30,
  });
});
