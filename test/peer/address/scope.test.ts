import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { SCOPE, scopeOf } from '../../../src/peer/address/scope.ts';

describe('scopeOf', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/1', SCOPE.host],
    ['/ip6/::1/tcp/1', SCOPE.host],
    ['/ip6/::ffff:127.0.0.1/tcp/1', SCOPE.host],
    ['/ip4/10.1.2.3/tcp/1', SCOPE.network],
    ['/ip4/172.31.0.1/tcp/1', SCOPE.network],
    ['/ip4/169.254.169.254/tcp/80', SCOPE.network],
    ['/ip6/fd00::1/tcp/1', SCOPE.network],
    ['/ip6/fe80::1/tcp/1', SCOPE.network],
    ['/ip4/192.0.2.1/tcp/1', SCOPE.everywhere],
    ['/ip6/2001:db8::1/tcp/1', SCOPE.everywhere],
    ['/ip4/0.0.0.0/tcp/1', undefined],
    ['/ip4/224.0.0.1/tcp/1', undefined],
    ['/ip4/255.255.255.255/tcp/1', undefined],
    ['/ip6/::/tcp/1', undefined],
    ['/ip4/192.0.2.1/tcp/0', undefined],
    ['/dns4/example.org/tcp/1', undefined],
  ])('%s is %s', (address, scope) => {
    expect(scopeOf(multiaddr(address))).toBe(scope);
  });
});
