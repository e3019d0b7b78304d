import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { REACH, reachOf } from '../../../src/peer/address/reach.ts';

describe('reachOf', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/1', REACH.host],
    ['/ip6/::1/tcp/1', REACH.host],
    ['/ip6/::ffff:127.0.0.1/tcp/1', REACH.host],
    ['/ip4/10.1.2.3/tcp/1', REACH.network],
    ['/ip4/172.31.0.1/tcp/1', REACH.network],
    ['/ip4/169.254.169.254/tcp/80', REACH.network],
    ['/ip6/fd00::1/tcp/1', REACH.network],
    ['/ip6/fe80::1/tcp/1', REACH.network],
    ['/ip4/192.0.2.1/tcp/1', REACH.everywhere],
    ['/ip6/2001:db8::1/tcp/1', REACH.everywhere],
    ['/ip4/0.0.0.0/tcp/1', undefined],
    ['/ip4/224.0.0.1/tcp/1', undefined],
    ['/ip4/255.255.255.255/tcp/1', undefined],
    ['/ip6/::/tcp/1', undefined],
    ['/ip4/192.0.2.1/tcp/0', undefined],
    ['/dns4/example.org/tcp/1', undefined],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(multiaddr(address))).toBe(reach);
  });
});
