import { parseList, Token } from 'structured-headers';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/hub/intermediary/intermediary.ts';
import { cacheHeaders } from '../../../src/server/intermediary/cache-status.ts';

describe('cacheHeaders', () => {
  it('says the greatest age of a copy whose age is unknown', () => {
    const { Age } = cacheHeaders({ kind: 'stale', reason: 'gone' }, Number.POSITIVE_INFINITY);
    expect(Age).toBe('2147483648');
  });

  it.each<[Outcome, Record<string, unknown>]>([
    [{ kind: 'fresh' }, { hit: true }],
    [{ kind: 'revalidated' }, { fwd: new Token('stale'), 'fwd-status': 304 }],
    [
      { kind: 'miss', replaces: false, collapsed: false },
      { fwd: new Token('uri-miss'), stored: true },
    ],
    [
      { kind: 'miss', replaces: true, collapsed: true },
      { fwd: new Token('stale'), stored: true, collapsed: true },
    ],
    [
      { kind: 'stale', reason: 'a "quoted" \\ reason\r\nX: ü' },
      { hit: true, ttl: -61, detail: 'a ?quoted? ? reason??X: ?' },
    ],
  ])('%o is a list that RFC 9211 knows', (outcome, parameters) => {
    const headers = cacheHeaders(outcome, 61_999);
    const [first] = parseList(headers['Cache-Status'] ?? '');
    const [name, found] = first ?? [undefined, new Map()];
    expect(name).toEqual(new Token('hubswarm-edge'));
    expect(Object.fromEntries(found)).toEqual(parameters);
    expect(headers.Age).toBe('61');
    expect('Warning' in headers).toBe(outcome.kind === 'stale');
  });
});
