// The scope of an address: this host, a private network, or everywhere (RFC 4007). When a remote
// names third parties, it asks us to connect there. So a stranger from the internet could have
// ports tried on this host and behind its firewall. A remote on this host or network could try them
// itself.
import { BlockList } from 'node:net';
import type { Multiaddr } from '@multiformats/multiaddr';

/** Scopes; a wider one is greater. */
export const SCOPE = { host: 0, network: 1, everywhere: 2 } as const;
export type Scope = (typeof SCOPE)[keyof typeof SCOPE];

/** Addresses that cannot be dialled (RFC 6890): this network, multicast, reserved. */
const NOWHERE = blocks([
  ['0.0.0.0', 8],
  ['224.0.0.0', 3],
  ['::', 128],
  ['ff00::', 8],
]);
const HOST = blocks([
  ['127.0.0.0', 8],
  ['::1', 128],
]);
/** RFC 1918, 6598 (shared by a carrier's customers), 3927 and 4291 (link-local), 4193. */
const NETWORK = blocks([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['fc00::', 7],
]);

/**
 * The scope; undefined if no peer can listen there: no IP address, no port, multicast and the like.
 */
export function scopeOf(address: Multiaddr): Scope | undefined {
  const port = Number(address.getComponents().find(({ name }) => name === 'tcp')?.value ?? 0);
  return port === 0 ? undefined : scopeOfHost(address);
}

/** The scope whatever the port, also before the address is listened at. */
export function scopeOfHost(address: Multiaddr): Scope | undefined {
  const host = address.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6');
  if (host?.value === undefined) return undefined;
  const family = host.name === 'ip4' ? 'ipv4' : 'ipv6';
  // BlockList sees through ::ffff:a.b.c.d.
  if (NOWHERE.check(host.value, family)) return undefined;
  if (HOST.check(host.value, family)) return SCOPE.host;
  return NETWORK.check(host.value, family) ? SCOPE.network : SCOPE.everywhere;
}

function blocks(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) {
    list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
