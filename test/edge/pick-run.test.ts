import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { Geometry } from '../../src/content/geometry.ts';
import { pickRun } from '../../src/edge/pick-run.ts';

const MIB = 2 ** 20;

function setOf(length: number, pieces: readonly number[]): Bitfield {
  const set = new Bitfield(length);
  for (const piece of pieces) set.add(piece);
  return set;
}

describe('pickRun', () => {
  const ten = new Geometry(Array(10).fill(MIB));
  it.each<[string, number[], number[], number[], [number, number] | undefined]>([
    ['begins at the start', [], [], [], [0, 4]],
    ['goes on after what is here', [0, 1], [], [], [2, 6]],
    ['leaves alone what is being fetched', [0], [1, 2, 3, 4], [], [5, 9]],
    ['ends before what is here', [2], [], [], [0, 2]],
    ['ends before what is being fetched', [], [3], [], [0, 3]],
    ['prefers what is waited for', [], [], [8], [8, 10]],
    ['goes by the order of waiting', [], [], [6, 2], [6, 10]],
    ['takes the next wish when the first is being fetched', [], [6, 7], [6, 2], [2, 6]],
    ['takes the rest when all wishes are being fetched', [], [6, 7], [6, 7], [0, 4]],
    ['is done when all is here or on its way', [0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [], undefined],
  ])('%s', (_name, have, claimed, wanted, run) => {
    const picked = pickRun(ten, setOf(10, have), setOf(10, claimed), wanted);
    expect(picked && [picked.first, picked.end]).toEqual(run);
  });

  it('gives every piece once, whatever is wished for', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 2 * MIB }), { maxLength: 40 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(39)), (lengths, wishes) => {
        const geometry = new Geometry(lengths);
        const count = lengths.length;
        const claimed = new Bitfield(count);
        const wanted = wishes.filter((piece) => piece < count);
        const order: number[] = [];
        for (;;) {
          const run = pickRun(geometry, new Bitfield(count), claimed, wanted);
          if (!run) break;
          expect(run.end).toBeGreaterThan(run.first);
          for (let piece = run.first; piece < run.end; piece++) {
            expect(claimed.add(piece)).toBe(true);
            order.push(piece);
          }
        }
        expect(order.length).toBe(count);
        if (wanted.length > 0) expect(order[0]).toBe(wanted[0]);
      }),
    );
  });
});
