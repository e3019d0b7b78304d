import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../src/api/http-date.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const NOV_6_1994 = 784_111_777_000;

it.each([
  // The three forms of RFC 9110 section 5.6.7.
  ['Sun, 06 Nov 1994 08:49:37 GMT', NOV_6_1994],
  ['Sunday, 06-Nov-94 08:49:37 GMT', NOV_6_1994],
  ['Sun Nov  6 08:49:37 1994', NOV_6_1994],
  // Two digits: more than 50 years ahead is the last century.
  ['Sunday, 06-Nov-76 08:49:37 GMT', Date.UTC(2076, 10, 6, 8, 49, 37)],
  ['Sunday, 06-Dec-76 08:49:37 GMT', Date.UTC(1976, 11, 6, 8, 49, 37)],
  ['Thursday, 29-Feb-96 00:00:00 GMT', Date.UTC(1996, 1, 29)],
  // A leap second is a second.
  ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2016, 11, 31, 23, 59, 59)],
  ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
  // No dates.
  ['Wed, 29 Feb 2023 00:00:00 GMT', undefined],
  ['Sun, 66 Nov 1994 08:49:37 GMT', undefined],
  ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:61 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:37 +0100', undefined],
  ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
  ['sun, 06 nov 1994 08:49:37 gmt', undefined],
  ['Sun, 06-Nov-94 08:49:37 GMT', undefined],
  ['1994-11-06T08:49:37Z', undefined],
  ['0', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s', (text, expected) => {
  expect(parseHttpDate(text, NOW)).toBe(expected);
});

it('reads back what it writes', () => {
  const lastMs = Date.UTC(9999, 11, 31);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastMs / 1000 }), (seconds) => {
      expect(parseHttpDate(formatHttpDate(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});
