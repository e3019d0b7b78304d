import { describe, expect, it } from 'vitest';
import { checkPreconditions, ifRangeHolds, parseHttpDate } from '../../src/server/preconditions.ts';

const at = Date.UTC(2026, 10, 21, 12, 0, 0);
const date = (ms: number): string => new Date(ms).toUTCString();
const current = { etag: '"a"', lastModifiedMs: at };

describe('checkPreconditions', () => {
  it.each([
    ['GET', {}, 'proceed'],
    ['GET', { 'if-none-match': '"a"' }, 'not_modified'],
    ['HEAD', { 'if-none-match': '"a"' }, 'not_modified'],
    ['PUT', { 'if-none-match': '"a"' }, 'failed'],
    ['GET', { 'if-none-match': 'W/"a"' }, 'not_modified'],
    ['GET', { 'if-none-match': '"b", "c,d", "a"' }, 'not_modified'],
    ['GET', { 'if-none-match': '"b", "ab"' }, 'proceed'],
    ['GET', { 'if-none-match': '*' }, 'not_modified'],
    ['GET', { 'if-none-match': 'a' }, 'proceed'],
    ['GET', { 'if-match': '"a"' }, 'proceed'],
    ['GET', { 'if-match': 'W/"a"' }, 'failed'],
    ['GET', { 'if-match': '"b"' }, 'failed'],
    ['GET', { 'if-match': '*' }, 'proceed'],
    ['GET', { 'if-modified-since': date(at) }, 'not_modified'],
    ['GET', { 'if-modified-since': date(at - 1000) }, 'proceed'],
    ['GET', { 'if-modified-since': 'yesterday' }, 'proceed'],
    ['PUT', { 'if-modified-since': date(at) }, 'proceed'],
    ['GET', { 'if-unmodified-since': date(at) }, 'proceed'],
    ['GET', { 'if-unmodified-since': date(at - 1000) }, 'failed'],
    // A tag goes before a date of the same kind.
    ['GET', { 'if-none-match': '"b"', 'if-modified-since': date(at) }, 'proceed'],
    ['GET', { 'if-match': '"a"', 'if-unmodified-since': date(at - 1000) }, 'proceed'],
    ['GET', { 'if-match': '"b"', 'if-none-match': '"a"' }, 'failed'],
  ] as const)('%s %o', (method, headers, expected) => {
    expect(checkPreconditions(method, headers, current)).toBe(expected);
  });

  it.each([
    [{ 'if-match': '*' }, 'failed'],
    [{ 'if-match': '"a"' }, 'failed'],
    [{ 'if-none-match': '*' }, 'proceed'],
    [{ 'if-unmodified-since': date(at) }, 'failed'],
    [{}, 'proceed'],
  ] as const)('of a file that is not there: %o', (headers, expected) => {
    expect(checkPreconditions('PUT', headers, undefined)).toBe(expected);
  });
});

describe('ifRangeHolds', () => {
  it.each([
    [undefined, true],
    ['"a"', true],
    ['W/"a"', false],
    ['"b"', false],
    [date(at), true],
    [date(at + 1000), false],
    [date(at - 1000), false],
    ['nonsense', false],
  ])('%s', (header, expected) => {
    expect(ifRangeHolds(header, current, at + 60_000)).toBe(expected);
  });

  it('does not trust a date that is younger than a minute', () => {
    expect(ifRangeHolds(date(at), current, at + 59_000)).toBe(false);
  });
});

describe('parseHttpDate', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 784111777000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 784111777000],
    ['Sun Nov  6 08:49:37 1994', 784111777000],
    ['1994-11-06T08:49:37Z', undefined],
    ['Sun, 06 Nov 1994 08:49:37 +0100', undefined],
    ['Sun, 66 Nov 1994 08:49:37 GMT', undefined],
    ['0', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (text, expected) => {
    expect(parseHttpDate(text)).toBe(expected);
  });
});
