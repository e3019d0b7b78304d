import { multiaddr } from '@multiformats/multiaddr';
import { expect, it } from 'vitest';
import { checkOwnGround, isOwnGround } from '../../src/attack/own-ground.ts';

it.each([
  ['/ip4/127.0.0.1/tcp/0', true],
  ['/ip4/127.8.9.1/tcp/4001', true],
  ['/ip6/::1/tcp/4001', true],
  ['/ip4/10.1.2.3/tcp/4001', true],
  ['/ip4/172.31.255.255/tcp/4001', true],
  ['/ip4/192.168.0.7/tcp/4001', true],
  ['/ip6/fd00::1/tcp/4001', true],
  // Sees through IPv4 in IPv6, either way.
  ['/ip6/::ffff:127.0.0.1/tcp/4001', true],
  ['/ip6/::ffff:8.8.8.8/tcp/4001', false],
  ['/ip4/172.32.0.1/tcp/4001', false],
  ['/ip4/192.0.2.7/tcp/4001', false],
  ['/ip6/2001:db8::1/tcp/4001', false],
  // All interfaces, and names that may mean anything tomorrow.
  ['/ip4/0.0.0.0/tcp/0', false],
  ['/ip6/::/tcp/0', false],
  ['/dns4/localhost/tcp/4001', false],
])('%s is own ground: %s', (text, isOwn) => {
  expect(isOwnGround(multiaddr(text))).toBe(isOwn);
  const check = (): void => checkOwnGround('--join', text);
  if (isOwn) expect(check).not.toThrow();
  else expect(check).toThrow(`--join: '${text}' is not accepted; give a TCP multiaddr of this`);
});

it('refuses what is no TCP address', () => {
  expect(() => checkOwnGround('--listen', '/ip4/127.0.0.1/udp/1')).toThrow(/--listen/);
  expect(() => checkOwnGround('--listen', 'nonsense')).toThrow(/--listen/);
});
