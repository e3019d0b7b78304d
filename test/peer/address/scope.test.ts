import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { believe, scopeOf, scopeOfPeer } from '../../../src/peer/address/scope.ts';
import { SCOPE } from '../../../src/runtime/node/scope.ts';

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

describe('believe', () => {
  const named = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'];
  const never = [
    '/dns4/localhost/tcp/1',
    '/dns/127.0.0.1.nip.io/tcp/1',
    '/ip4/192.0.2.1/udp/1',
    '/ip4/192.0.2.1/tcp/0',
    '/ip4/0.0.0.0/tcp/1',
    '/ip6/::127.0.0.1/tcp/1',
    'nonsense',
  ];

  it.each([
    [SCOPE.host, named],
    [SCOPE.network, named.slice(1)],
    [SCOPE.everywhere, named.slice(2)],
  ])('takes of a teller of scope %s its own scope and wider ones', (teller, expected) => {
    const believed = believe([...named, ...never], teller);
    expect(believed.map(({ multiaddr }) => `${multiaddr}`)).toEqual(expected);
  });
});

describe('scopeOfPeer', () => {
  const from = (...texts: string[]) =>
    scopeOfPeer(texts.map((text) => ({ remoteAddr: multiaddr(text) })));

  it('is that of the nearest connection; a peer without any is a stranger', () => {
    expect(from('/ip4/192.0.2.1/tcp/1', '/ip4/10.0.0.1/tcp/1')).toBe(SCOPE.network);
    expect(from('/ip4/192.0.2.1/tcp/1', '/ip4/127.0.0.1/tcp/1')).toBe(SCOPE.host);
    expect(from()).toBe(SCOPE.everywhere);
  });
});
