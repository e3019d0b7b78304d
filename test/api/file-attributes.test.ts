import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatAttributes, parseAttributes, parseIsoDate } from '../../src/api/file-attributes.ts';
import { isDatable } from '../../src/content/attributes.ts';

const parse = (fields: Record<string, string>) => parseAttributes((name) => fields[name]);

it.each([
  ['0', 0],
  ['-1', -1000],
  ['1557143838', 1_557_143_838_000],
  ['1557143838.123456', 1_557_143_838_123],
  ['-2177452800', Date.UTC(1901, 0)],
  ['5680281600', Date.UTC(2150, 0)],
  ['253402300799', Date.UTC(9999, 11, 31, 23, 59, 59)],
  // Out of range, or no number.
  ['253402300800', undefined],
  ['-62135596800', undefined],
  ['9007199254740993', undefined],
  ['1e9', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['0x10', undefined],
  [' 1', undefined],
  ['', undefined],
])('X-OC-Mtime %j is %j', (text, ms) => {
  expect(parse({ 'x-oc-mtime': text }).modifiedMs).toBe(ms);
});

it('takes Last-Modified where no X-OC-Mtime is', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  expect(parse({ 'last-modified': date }).modifiedMs).toBe(784_111_777_000);
  expect(parse({ 'last-modified': date, 'x-oc-mtime': '1' }).modifiedMs).toBe(1000);
  expect(parse({ 'last-modified': 'Sun, 06 Nov 0000 08:49:37 GMT' }).modifiedMs).toBeUndefined();
});

it('reads what it writes', () => {
  const modifiedMs = fc.integer({ min: Date.parse('1000-01-01'), max: Date.parse('9999-12-31') });
  fc.assert(
    fc.property(fc.record({ modifiedMs, executable: fc.boolean() }), (attributes) => {
      const fields = Object.entries(formatAttributes(attributes));
      expect(parse(Object.fromEntries(fields.map(([k, v]) => [k.toLowerCase(), v])))).toEqual(
        attributes,
      );
    }),
  );
});

it('makes of any text a date or nothing', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const ms of [parse({ 'x-oc-mtime': text }).modifiedMs, parseIsoDate(text)]) {
        expect(ms === undefined || isDatable(ms)).toBe(true);
      }
    }),
  );
  expect(parseIsoDate('2150-01-01T00:00:00.000Z')).toBe(Date.UTC(2150, 0));
  for (const text of ['-000001-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', '2001', '1', 'never'])
    expect(parseIsoDate(text)).toBeUndefined();
});
