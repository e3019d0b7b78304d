import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';

/** A length, and indices below it to add (or, negated, to remove). */
const history = fc.integer({ min: 1, max: 100 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    steps: fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: length - 1 }))),
  }),
);

describe('Bitfield', () => {
  it('is a set of indices, whatever was added and removed', () => {
    fc.assert(
      fc.property(history, ({ length, steps }) => {
        const field = new Bitfield(length);
        const model = new Set<number>();
        for (const [add, index] of steps) {
          expect(add ? field.add(index) : field.remove(index)).toBe(model.has(index) !== add);
          if (add) model.add(index);
          else model.delete(index);
          expect(field.has(index)).toBe(add);
          expect(field.count).toBe(model.size);
          expect(field.isFull).toBe(model.size === length);
        }
        expect([...field]).toEqual([...model].sort((a, b) => a - b));
      }),
    );
  });

  it('is the same after the wire', () => {
    fc.assert(
      fc.property(history, ({ length, steps }) => {
        const field = new Bitfield(length);
        for (const [add, index] of steps) if (add) field.add(index);
        const back = Bitfield.tryFrom(field.toBytes(), length);
        expect([...back!]).toEqual([...field]);
        expect(back!.count).toBe(field.count);
      }),
    );
  });

  it('has the bits of BEP 3: the high bit of byte 0 is piece 0', () => {
    const field = new Bitfield(10);
    for (const index of [0, 7, 9]) field.add(index);
    expect([...field.toBytes()]).toEqual([0b1000_0001, 0b0100_0000]);
  });

  it.each([
    ['too short', [0xff], 9],
    ['too long', [0xff, 0x80, 0], 9],
    ['with a spare bit set', [0xff, 0xc0], 9],
    ['of bytes for nothing', [0], 0],
  ])('refuses a field that is %s', (_, bytes, length) => {
    expect(Bitfield.tryFrom(Uint8Array.from(bytes), length)).toBeUndefined();
  });

  it('is full without any piece', () => {
    expect(new Bitfield(0).isFull).toBe(true);
    expect(Bitfield.full(9).count).toBe(9);
  });
});
