import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFields, encodeFields } from '../../../src/peer/circuit/fields.ts';

const number = fc.nat({ max: 2 ** 48 });
const bytes = fc.uint8Array({ maxLength: 300 });

describe('fields of protobuf', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(number, bytes, bytes, (value, one, other) => {
        const fields = decodeFields(
          encodeFields([
            [1, value],
            [2, one],
            [2, other],
            [3, undefined],
          ]),
        );
        expect(fields?.number(1)).toBe(value);
        expect(fields?.all(2).map((each) => [...each])).toEqual([[...one], [...other]]);
        expect(fields?.bytes(3)).toBeUndefined();
      }),
    );
  });

  it('are as in the example of the specification', () => {
    const encoded = encodeFields([
      [1, 150],
      [2, Buffer.from('testing')],
    ]);
    expect(Buffer.from(encoded).toString('hex')).toBe('0896011207' + '74657374696e67');
  });

  it('are undefined or a message, whatever a remote sends', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (any) => void decodeFields(any)));
  });

  it.each([
    ['a length beyond the end', '120574'],
    ['a number that does not end', '08ff'],
    ['a kind that is neither', '0d00000000'],
    ['a tag alone', '08'],
  ])('refuses %s', (_what, hex) => {
    expect(decodeFields(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});
