// Names in multiaddrs, with a resolver of the test's own: whoever holds a name may say anything.

import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { isNamed, type Names, resolveNames } from '../../../src/peer/address/resolve-names.ts';
import { tellable, toldToAll } from '../../../src/peer/address/scope.ts';
import { SCOPE } from '../../../src/runtime/node/scope.ts';

const PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp';
const OTHER = '12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3';

function namesOf(hosts: Record<string, string[]>, texts: Record<string, string[]>) {
  const asked: string[] = [];
  const names: Names = {
    async hosts(name, family) {
      asked.push(`${name} ${family}`);
      return (hosts[name] ?? []).filter(
        (ip) => family === 0 || ip.includes(':') === (family === 6),
      );
    },
    async texts(name) {
      asked.push(name);
      const found = texts[name];
      if (!found) throw new Error('ENOTFOUND');
      return found;
    },
  };
  return { asked, resolve: (text: string) => resolveNames(text, undefined, names) };
}

describe('a name', () => {
  const { resolve } = namesOf(
    { 'both.test': ['192.0.2.1', '2001:db8::1'] },
    {
      '_dnsaddr.net.test': [
        `dnsaddr=/ip4/192.0.2.7/tcp/4001/p2p/${PEER}`,
        'v=spf1 -all',
        'dnsaddr=/dnsaddr/deep.test',
        'dnsaddr=/ip4/192.0.2.8/udp/4001/quic-v1',
        'dnsaddr=nonsense',
      ],
      '_dnsaddr.deep.test': [`dnsaddr=/dns4/both.test/tcp/1/p2p/${OTHER}`],
    },
  );

  it.each([
    ['/dns4/both.test/tcp/1', ['/ip4/192.0.2.1/tcp/1']],
    ['/dns6/both.test/tcp/1', ['/ip6/2001:db8::1/tcp/1']],
    ['/dns/both.test/tcp/1', ['/ip4/192.0.2.1/tcp/1', '/ip6/2001:db8::1/tcp/1']],
    ['/dns4/nobody.test/tcp/1', []],
    [
      '/dnsaddr/net.test',
      [`/ip4/192.0.2.7/tcp/4001/p2p/${PEER}`, `/ip4/192.0.2.1/tcp/1/p2p/${OTHER}`],
    ],
    [`/dnsaddr/net.test/p2p/${PEER}`, [`/ip4/192.0.2.7/tcp/4001/p2p/${PEER}`]],
    ['/dnsaddr/nobody.test', []],
    ['/ip4/192.0.2.1/tcp/1', ['/ip4/192.0.2.1/tcp/1']],
  ])('%s stands for %j', async (text, expected) => {
    expect(await resolve(text)).toEqual(expected);
  });

  it('that stands for itself ends', async () => {
    const loop = namesOf({}, { '_dnsaddr.a.test': ['dnsaddr=/dnsaddr/a.test'] });
    expect(await loop.resolve('/dnsaddr/a.test')).toEqual([]);
    expect(loop.asked.length).toBeLessThanOrEqual(4);
  });

  it('that branches is followed for so many questions alone', async () => {
    const branches = Array.from({ length: 100 }, () => 'dnsaddr=/dnsaddr/a.test');
    const tree = namesOf({}, { '_dnsaddr.a.test': branches });
    expect(await tree.resolve('/dnsaddr/a.test')).toEqual([]);
    expect(tree.asked.length).toBeLessThanOrEqual(16);
  });

  it('of a thousand addresses stands for a few', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `dnsaddr=/ip4/192.0.2.7/tcp/${i + 1}`);
    const crowd = namesOf({}, { '_dnsaddr.a.test': many });
    expect(await crowd.resolve('/dnsaddr/a.test')).toHaveLength(16);
  });

  it('with a record of any length is read', async () => {
    const long = namesOf({}, { '_dnsaddr.a.test': [`dnsaddr=/ip4/${'1'.repeat(1e6)}`] });
    expect(await long.resolve('/dnsaddr/a.test')).toEqual([]);
  });

  it.each([
    ['/dns4/a.test/tcp/1', true],
    ['/dnsaddr/a.test', true],
    ['/ip4/192.0.2.1/tcp/1', false],
    ['/dns4/a.test/udp/1', false],
    ['/dnsaddr/a.test/tcp/1', false],
  ])('%s is one: %s', (text, expected) => {
    expect(isNamed(text)).toBe(expected);
  });
});

describe('own addresses', () => {
  const all = ['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1', '/ip4/10.0.0.1/tcp/1'].map((text) =>
    multiaddr(text),
  );
  const texts = (addresses: readonly { toString(): string }[]) => addresses.map(String);

  it.each([
    [SCOPE.host, 3],
    [SCOPE.network, 1],
    [SCOPE.everywhere, 1],
  ])('that a remote of scope %i is told', (scope, count) => {
    expect(tellable(all, scope)).toHaveLength(count);
  });

  it('of this host alone are told while nobody else is there, and there is no other', () => {
    const near = all.slice(0, 1);
    expect(texts(toldToAll(near, []))).toEqual(['/ip4/127.0.0.1/tcp/1']);
    expect(toldToAll(near, [{ remoteAddr: multiaddr('/ip4/10.0.0.2/tcp/2') }])).toEqual([]);
    expect(texts(toldToAll(all, []))).toEqual(['/ip4/10.0.0.1/tcp/1']);
  });
});
