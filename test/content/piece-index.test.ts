import { expect, it } from 'vitest';
import { PieceIndex } from '../../src/content/piece-index.ts';

const digestOf = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const joined = (...values: number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [...digestOf(value)]));

it('looks up the digests of other content, and finds what was added alone', () => {
  const index = new PieceIndex({ digests: joined(5, 6, 7, 6) });
  expect([0, 1, 3].map((piece) => index.add(piece))).toEqual([0, 1, 1]);
  const find = index.lookup(joined(7, 6, 5, 9));
  expect([0, 1, 2, 3].map(find)).toEqual([undefined, 1, 0, undefined]);
});

it('looks up digests that lie anywhere in memory, one by one as well', () => {
  const index = new PieceIndex({ digests: joined(5, 6) });
  index.add(1);
  const bytes = Uint8Array.of(0, ...joined(6)).subarray(1);
  expect(index.lookup(bytes)(0)).toBe(1);
});
