import { expect, it } from 'vitest';
import { EqualPieces } from '../../src/content/equal-pieces.ts';
import { Geometry } from '../../src/content/geometry.ts';

/** Pieces with these digests, each filled with one byte, and lengths. */
const equalsOf = (bytes: readonly number[], lengths = bytes.map(() => 10)) =>
  EqualPieces.in({
    digests: Uint8Array.from(bytes.flatMap((byte) => new Array<number>(32).fill(byte))),
    geometry: new Geometry(lengths),
  });

it('groups pieces with equal digests, ascending', () => {
  const equals = equalsOf([1, 2, 1, 3, 2, 1])!;
  expect(equals.groups).toEqual([
    [0, 2, 5],
    [1, 4],
  ]);
  expect(equals.of(5)).toEqual([0, 2, 5]);
  expect(equals.of(1)).toEqual([1, 4]);
  expect(equals.of(3)).toBeUndefined();
});

it('is undefined where all differ, as for no pieces', () => {
  expect(equalsOf([1, 2, 3])).toBeUndefined();
  expect(equalsOf([])).toBeUndefined();
});

it('does not believe a digest that is said to be of two lengths', () => {
  expect(equalsOf([1, 1, 1], [10, 4, 10])!.groups).toEqual([[0, 2]]);
});

it('compares whole digests, wherever they lie in memory', () => {
  const memory = new Uint8Array(1 + 4 * 32);
  const digests = memory.subarray(1);
  // The second differs from the others in its last byte, the fourth in its first.
  digests[2 * 32 - 1] = 1;
  digests[3 * 32] = 1;
  const geometry = new Geometry([10, 10, 10, 10]);
  expect(EqualPieces.in({ digests, geometry })!.groups).toEqual([[0, 2]]);
});
