import { describe, expect, it } from 'vitest';
import { checkPreconditions, ifRangeHolds } from '../../../src/server/message/preconditions.ts';

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
    // What is no list of tags matches nothing; a write that it was to guard is refused.
    ['GET', { 'if-none-match': '"a" "b"' }, 'proceed'],
    ['GET', { 'if-none-match': '"b", a, "a"' }, 'proceed'],
    ['GET', { 'if-none-match': '"b",, "a" ,' }, 'not_modified'],
    ['PUT', { 'if-none-match': 'a' }, 'failed'],
    ['PUT', { 'if-none-match': '"b"' }, 'proceed'],
    ['GET', { 'if-match': 'a' }, 'failed'],
    ['GET', { 'if-match': '' }, 'failed'],
    ['GET', { 'if-match': '"b","a"' }, 'proceed'],
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

describe('of what has a weak tag and no date', () => {
  const coded = { etag: 'W/"a-gzip"' };
  it.each([
    ['GET', { 'if-none-match': 'W/"a-gzip"' }, 'not_modified'],
    ['GET', { 'if-none-match': '"a-gzip"' }, 'not_modified'],
    ['GET', { 'if-none-match': '"a"' }, 'proceed'],
    ['GET', { 'if-match': 'W/"a-gzip"' }, 'failed'],
    ['GET', { 'if-modified-since': date(at) }, 'proceed'],
    ['GET', { 'if-unmodified-since': date(at) }, 'proceed'],
  ] as const)('%s %o', (method, headers, expected) => {
    expect(checkPreconditions(method, headers, coded)).toBe(expected);
    expect(ifRangeHolds('W/"a-gzip"', coded, at)).toBe(false);
    expect(ifRangeHolds('"a-gzip"', coded, at)).toBe(false);
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
    expect(ifRangeHolds(header, current, at + 1000)).toBe(expected);
  });

  it('does not trust a date where no tag is strong', () => {
    for (const etag of [undefined, 'W/"a"']) {
      expect(ifRangeHolds(date(at), { ...current, etag }, at + 5000)).toBe(false);
    }
  });

  it('does not trust a date whose second is not over', () => {
    expect(ifRangeHolds(date(at), current, at + 999)).toBe(false);
  });
});
