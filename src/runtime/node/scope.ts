// The scope of an IP address: this host, a private network, or everywhere (RFC 4007). A remote that
// names an address asks us to connect there. So a stranger from the internet could have ports tried
// on this host and behind its firewall. Hence the one rule for what remotes name: nobody may name
// an address of a smaller scope than its own, since a remote on this host or network could try such
// ports itself.
import { BlockList, isIP } from 'node:net';

/** Scopes; a wider one is greater. */
export const SCOPE = { host: 0, network: 1, everywhere: 2 } as const;
export type Scope = (typeof SCOPE)[keyof typeof SCOPE];

type Subnet = readonly [net: string, prefix: number];

/** Addresses that nobody can have (RFC 6890): this network, multicast, reserved, discarded. */
const NOWHERE = blocks(
  [
    ['0.0.0.0', 8],
    ['224.0.0.0', 3],
  ],
  [
    // RFC 4291 section 2.5.5.1: IPv4-compatible, deprecated. ::1 is among them, and asked first.
    ['::', 96],
    ['100::', 64],
    ['ff00::', 8],
  ],
);
const HOST = blocks([['127.0.0.0', 8]], [['::1', 128]]);
/**
 * RFC 1918, 6598 (shared by a carrier's customers), 3927 and 4291 (link-local), 4193, 3879
 * (site-local), 2544 (benchmarks), 6890 (protocol assignments), 8215 (local translation to IPv4).
 */
const NETWORK = blocks(
  [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['169.254.0.0', 16],
    ['198.18.0.0', 15],
    ['192.0.0.0', 24],
  ],
  [
    ['fe80::', 10],
    ['fec0::', 10],
    ['fc00::', 7],
    ['64:ff9b:1::', 48],
  ],
);

const LINK_LOCAL = blocks([['169.254.0.0', 16]], [['fe80::', 10]]);

/** RFC 3927 and 4291: on the cable alone, or what a cloud tells its machine, credentials as well. */
export const isLinkLocalIp = (address: string): boolean =>
  LINK_LOCAL.check(address, familyOf(address));

/** Whether an address is one of these, in whatever spelling. */
export function matcherOf(addresses: readonly string[]): (address: string) => boolean {
  const of = (family: number) => addresses.filter((each) => isIP(each) === family);
  const list = blocks(
    of(4).map((each) => [each, 32]),
    of(6).map((each) => [each, 128]),
  );
  return (address) => list.check(address, familyOf(address));
}

const familyOf = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');

/** @returns undefined if nobody can be called there: no IP address, multicast and the like */
export function scopeOfIp(address: string): Scope | undefined {
  const family = familyOf(address);
  if (HOST.check(address, family)) return SCOPE.host;
  if (!isIP(address) || NOWHERE.check(address, family)) return undefined;
  return NETWORK.check(address, family) ? SCOPE.network : SCOPE.everywhere;
}

/** The subnets, those of IPv4 also where an IPv6 address contains one. */
function blocks(v4: readonly Subnet[], v6: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of v4) {
    // BlockList sees through ::ffff:a.b.c.d.
    list.addSubnet(net, prefix, 'ipv4');
    // RFC 6052 (NAT64) and 2765 (SIIT).
    for (const head of ['64:ff9b::', '::ffff:0:']) {
      list.addSubnet(`${head}${net}`, 96 + prefix, 'ipv6');
    }
    // RFC 3056 (6to4).
    const [a, b, c, d] = net.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
    list.addSubnet(`2002:${a}${b}:${c}${d}::`, 16 + prefix, 'ipv6');
  }
  for (const [net, prefix] of v6) list.addSubnet(net, prefix, 'ipv6');
  return list;
}
