import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordBuffer } from '../../../src/peer/wire/noise-records.ts';

const LONGEST = 0xffff;

function frame(record: Uint8Array): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(record.length);
  return Buffer.concat([head, record]);
}

/** Reads bytes in steps, as a socket would, and returns copies of the records. */
function readAll(records: RecordBuffer, bytes: Uint8Array, step: () => number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = records.space();
    const end = Math.min(bytes.length, at + Math.min(space.length, step()));
    expect(space.length).toBeGreaterThanOrEqual(records.missing);
    space.set(bytes.subarray(at, end));
    records.handleRead(end - at);
    for (let next = records.next(); next; next = records.next()) found.push(Buffer.from(next));
    at = end;
  }
  return found;
}

describe('RecordBuffer', () => {
  it('finds the same records however they are cut', () => {
    const record = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 0, max: LONGEST }).map((length) => Buffer.alloc(length, length)),
    );
    const steps = fc.infiniteStream(
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1000, max: 400_000 })),
    );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), steps, (all, lengths) => {
        const records = new RecordBuffer();
        const bytes = Buffer.concat(all.map(frame));
        const found = readAll(records, bytes, () => lengths.next().value!);
        expect(found.map((each) => each.toString('hex'))).toEqual(
          all.map((each) => Buffer.from(each).toString('hex')),
        );
        expect(records.missing).toBe(0);
        records.release();
      }),
      { numRuns: 40 },
    );
  });

  it('says what is missing', () => {
    const records = new RecordBuffer();
    const missing = (bytes: number[]): number => {
      records.space().set(bytes);
      records.handleRead(bytes.length);
      expect(records.next()).toBe(undefined);
      return records.missing;
    };
    expect(records.missing).toBe(0);
    expect(missing([1])).toBe(1);
    expect(missing([4])).toBe(0x104);
    expect(missing([7, 7])).toBe(0x102);
    records.release();
    expect(records.missing).toBe(0);
  });

  it('shares its memory until a record has begun, and never mixes two connections', () => {
    const [one, other] = [new RecordBuffer(), new RecordBuffer()];
    expect(one.space()).toBe(other.space());
    one.space().set(frame(Buffer.from('one')).subarray(0, 4));
    one.handleRead(4);
    expect(one.next()).toBe(undefined);
    const rest = one.space();
    other.space().set(frame(Buffer.from('other')));
    other.handleRead(7);
    expect(`${other.next()}`).toBe('other');
    rest.set(Buffer.from('e'));
    one.handleRead(1);
    expect(`${one.next()}`).toBe('one');
    expect(one.space()).toBe(other.space());
  });
});
