import { describe, expect, it } from 'vitest';
import { parseMultiaddr, tryParseAddress } from '../../../src/peer/address/peer-address.ts';

const ID = '12D3KooWGMhz94qRirZ9aYbtECEvmerTZNUJWQ1xG8hcpJTrgd9n';

describe('tryParseAddress', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/4001', undefined],
    [`/ip4/127.0.0.1/tcp/4001/p2p/${ID}`, ID],
    [`/ip6/::1/tcp/4001/p2p/${ID}`, ID],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/4001', undefined],
    [`/dns4/example.org/tcp/4001/p2p/${ID}`, ID],
  ])('accepts %s', (text, peerId) => {
    const parsed = tryParseAddress(text);
    expect(parsed?.peerId).toBe(peerId);
    expect(parsed?.multiaddr.toString()).toBe(text);
  });

  it.each([
    // As the DHT has it, where a record names its peer beside.
    ['', undefined],
    [`/p2p/${ID}`, ID],
  ])('accepts an address over a relay that ends in %j', (behind, peerId) => {
    const relay = '12D3KooWSoLzampfxc4t3sy9z7yq1Cgzbi7zGXpV7nvt5hfeKUhR';
    const text = `/ip4/192.0.2.7/tcp/4001/p2p/${relay}/p2p-circuit${behind}`;
    expect(tryParseAddress(text)).toMatchObject({ peerId, isRelayed: true });
  });

  it.each([
    '',
    'nonsense',
    '127.0.0.1:4001',
    '/ip4/127.0.0.1',
    '/ip4/300.0.0.1/tcp/4001',
    '/ip4/127.0.0.1/tcp/99999',
    '/ip4/127.0.0.1/udp/4001',
    '/ip4/127.0.0.1/tcp/4001/ws',
    '/ip4/127.0.0.1/tcp/4001/p2p/nonsense',
    '/ip4/127.0.0.1/tcp/4001/p2p-circuit',
    `/ip4/127.0.0.1/tcp/4001/p2p-circuit/p2p/${ID}`,
    `/ip4/127.0.0.1/tcp/4001/p2p/${ID}/p2p-circuit/p2p/nonsense`,
    `/ip4/127.0.0.1/tcp/4001/p2p/${ID}/p2p-circuit/p2p/${ID}/p2p-circuit`,
    `/p2p/${ID}`,
    `/dns4/${'a'.repeat(600)}/tcp/1`,
  ])('does not accept %s', (text) => {
    expect(tryParseAddress(text)).toBeUndefined();
  });
});

describe('parseMultiaddr', () => {
  it('says in one line what was given and what is accepted', () => {
    expect(() => parseMultiaddr('--join', 'example.org:4001')).toThrowError(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message: expect.stringMatching(/^--join: 'example\.org:4001' is not .*; give .*tcp[^\n]*$/),
      }),
    );
  });
});
