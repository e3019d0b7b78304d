import { describe, expect, it } from 'vitest';
import { dateOf } from '../../src/root/version.ts';

const at = (text: string): number => Date.parse(text);

describe('the date of a version', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [1.6, '1970-01-01T00:00:00.002Z'],
    [-1.6, '1969-12-31T23:59:59.998Z'],
    [at('1901-02-03T04:05:06Z'), '1901-02-03T04:05:06.000Z'],
    [at('2150-02-03T04:05:06Z'), '2150-02-03T04:05:06.000Z'],
    [at('+010000-01-01T00:00:00Z'), '9999-12-31T23:59:59.999Z'],
    [at('0999-12-31T00:00:00Z'), '1000-01-01T00:00:00.000Z'],
    [8.64e15 + 1, '9999-12-31T23:59:59.999Z'],
    [2 ** 63 * 1000, '9999-12-31T23:59:59.999Z'],
    [-(2 ** 63) * 1000, '1000-01-01T00:00:00.000Z'],
  ])('of %d ms is one that all formats can write', (modifiedMs, text) => {
    expect(dateOf({ modifiedMs }).toISOString()).toBe(text);
  });
});
