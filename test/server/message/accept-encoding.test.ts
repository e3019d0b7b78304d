import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acceptedCodings, CODINGS } from '../../../src/server/message/accept-encoding.ts';

it.each([
  [undefined, []],
  ['', []],
  ['gzip', ['gzip']],
  ['gzip, deflate, br', ['br', 'gzip']],
  ['GZIP', ['gzip']],
  ['x-gzip', ['gzip']],
  ['br;q=0.5, gzip', ['gzip', 'br']],
  ['br;q=0.5,gzip;q=0.5', ['br', 'gzip']],
  ['gzip;q=0', []],
  ['gzip;q=0.000', []],
  ['*', ['br', 'gzip']],
  ['*;q=0', []],
  ['*, br;q=0', ['gzip']],
  ['identity', []],
  ['identity, gzip;q=0.5', []],
  ['identity;q=0.5, gzip;q=0.5', ['gzip']],
  ['identity;q=0, gzip', ['gzip']],
  ['deflate', []],
  // Malformed elements are passed over, one by one.
  ['gzip;q=2, br', ['br']],
  ['gzip;level=9', []],
  ['gzip ; q=0.8', ['gzip']],
  [', ,gzip', ['gzip']],
])('%s', (header, expected) => {
  expect(acceptedCodings(header)).toEqual(expected);
});

it('never gives what is not known, whatever the header', () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      for (const coding of acceptedCodings(header)) expect(CODINGS).toContain(coding);
    }),
  );
});
