// Proxy-Status, as it is written and as strangers may write it.
import { describe, expect, it } from 'vitest';
import { formatProxyStatus, parseProxyStatus, wordsOf } from '../../src/api/proxy-status.ts';

describe('Proxy-Status', () => {
  it('comes back as it was told, the nearest to the origin first', () => {
    const upstreams = [{ error: 'connection_refused' }, { status: 502 }];
    const field = formatProxyStatus(upstreams);
    expect(field).toBe(
      'hubswarm-edge; error=connection_refused, hubswarm-edge; received-status=502',
    );
    expect(parseProxyStatus(field)).toEqual(upstreams);
    expect(wordsOf(upstreams)).toBe('at its origin: connection refused');
    expect(wordsOf([{ status: 503 }])).toBe('its origin answered 503');
    expect(wordsOf([])).toBeUndefined();
  });

  it.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['text', 'it is; broken, "'],
    ['a token of nobody', 'x; error=__proto__'],
    ['a string as token', 'x; error="connection_refused"'],
    ['an odd status', 'x; received-status=1e3'],
    ['a status out of range', 'x; received-status=99999'],
    ['one without an end', `x; error=connection_refused${', x; error=dns_error'.repeat(500)}`],
  ])('%s tells nothing', (_, field) => {
    expect(parseProxyStatus(field)).toEqual([]);
  });

  it('takes other names of servers, lists in it, and what else they tell', () => {
    const field =
      '"a \\"b"; details="x", (x y);error=dns_error, c.example:80;error=dns_timeout;rcode=3';
    expect(parseProxyStatus(field)).toEqual([{ error: 'dns_error' }, { error: 'dns_timeout' }]);
  });

  it('is bounded', () => {
    const many = Array(20).fill('x;error=dns_error').join(',');
    expect(parseProxyStatus(many)).toHaveLength(8);
    expect(formatProxyStatus(Array(20).fill({ status: 502 })).split(',')).toHaveLength(8);
  });
});
