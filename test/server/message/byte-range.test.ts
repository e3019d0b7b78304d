import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/server/message/byte-range.ts';

const ranges = (...parts: [number, number][]) => ({
  kind: 'ranges',
  ranges: parts.map(([first, length]) => ({ first, length })),
});
const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };

describe('parseRange', () => {
  it.each([
    [undefined, 10, whole],
    ['bytes=0-0', 10, ranges([0, 1])],
    ['bytes=0-', 10, ranges([0, 10])],
    ['BYTES=2-3', 10, ranges([2, 2])],
    ['bytes=5-100', 10, ranges([5, 5])],
    ['bytes=-3', 10, ranges([7, 3])],
    ['bytes=-100', 10, ranges([0, 10])],
    ['bytes=-0', 10, unsatisfiable],
    ['bytes=10-', 10, unsatisfiable],
    ['bytes=10-,-0', 10, unsatisfiable],
    ['bytes=10-,0-1', 10, ranges([0, 2])],
    ['bytes=, 1-2 ,,', 10, ranges([1, 2])],
    // Joined: the gap is smaller than a part's header. Not joined: it is not.
    ['bytes=4-5,0-1', 10, ranges([0, 6])],
    ['bytes=0-9,5-19', 1000, ranges([0, 20])],
    ['bytes=0-9,90-99', 1000, ranges([0, 10], [90, 10])],
    ['bytes=90-99,0-9', 1000, ranges([0, 10], [90, 10])],
    // Malformed or another unit: as if it were not there.
    ['bytes=3-2', 10, whole],
    ['bytes=-', 10, whole],
    ['bytes=', 10, whole],
    ['bytes=a-b', 10, whole],
    ['bytes=0-1,x', 10, whole],
    ['bytes=1 - 2', 10, whole],
    ['bytes=+1-2', 10, whole],
    ['items=0-1', 10, whole],
    [`bytes=${'9'.repeat(5000)}-`, 10, unsatisfiable],
    [`bytes=0-${'9'.repeat(5000)}`, 10, ranges([0, 10])],
    // Many small ranges only make work.
    [`bytes=${'0-0,'.repeat(17)}`, 10, whole],
    ['bytes=0-', 0, unsatisfiable],
    ['bytes=-1', 0, whole],
  ])('%s of %i bytes', (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected);
  });

  it('asks for the bytes that a naive reading of the header marks, and little more', () => {
    const spec = fc.oneof(
      fc.tuple(fc.nat(400), fc.nat(400)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.nat(400).map((first) => `${first}-`),
      fc.nat(400).map((length) => `-${length}`),
    );
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        (specs, size) => {
          const wanted = new Set<number>();
          for (const one of specs) {
            const [from, to] = one.split('-') as [string, string];
            for (let i = 0; i < size; i++) {
              const inside =
                from === ''
                  ? i >= size - Number(to)
                  : i >= Number(from) && (to === '' || i <= Number(to));
              if (inside) wanted.add(i);
            }
          }
          const answer = parseRange(`bytes=${specs.join(', ')}`, size);
          if (answer.kind !== 'ranges') {
            expect(answer.kind).toBe('unsatisfiable');
            expect(wanted.size).toBe(0);
            return;
          }
          let end = Number.NEGATIVE_INFINITY;
          const sent = new Set<number>();
          for (const { first, length } of answer.ranges) {
            expect(length).toBeGreaterThan(0);
            expect(first - end).toBeGreaterThanOrEqual(80);
            // A range begins and ends with a byte that was asked for.
            expect(wanted.has(first) && wanted.has(first + length - 1)).toBe(true);
            for (let i = first; i < first + length; i++) sent.add(i);
            end = first + length;
          }
          expect(end).toBeLessThanOrEqual(size);
          for (const byte of wanted) expect(sent.has(byte)).toBe(true);
        },
      ),
    );
  });

  it('never throws, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, size) => {
        expect(['whole', 'ranges', 'unsatisfiable']).toContain(
          parseRange(`bytes=${text}`, size).kind,
        );
      }),
    );
  });
});
