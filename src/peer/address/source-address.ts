// Finds the addresses of this machine that others see: the source address that the kernel's routes
// choose, and the addresses of its local networks. Sends nothing.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { ownAddresses } from '../../runtime/node/own-addresses.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import { familyOf, resolveToHosts } from './resolve-names.ts';
import { scopeOfHost } from './scope.ts';

/** The discard service: a connected UDP socket has a route and needs no answer. */
const ANY_PORT = 9;

const MDNS_GROUP = '/ip4/224.0.0.251';

/** The part of a multiaddr that names a host, as in /ip4/192.0.2.7. */
export type Host = string;

/** Hosts that only default routes lead to (RFC 5737 and 3849: nobody has these addresses). */
export const ANYWHERE: readonly Host[] = ['/ip4/192.0.2.1', '/ip6/2001:db8::1'];

/**
 * The IP hosts of a TCP multiaddr; none with a zone, where libp2p neither calls nor listens.
 *
 * @throws the system's error when a name does not resolve
 */
export async function resolveHosts(address: Multiaddr): Promise<Host[]> {
  const { name, value } = address.getComponents()[0]!;
  if (name === 'ip6zone') return [];
  if (name === 'dnsaddr') return resolveToHosts(`${address}`);
  if (name === 'ip4' || name === 'ip6') return [hostOf(value!)];
  const found = await lookup(value!, { all: true, family: familyOf(name) });
  return found.map((each) => hostOf(each.address));
}

/**
 * The source address of packets to that host; undefined without a route. Never an address that
 * stands for every interface: a listener there would be open to all networks.
 */
export async function sourceTowards(host: Host): Promise<Host | undefined> {
  const target = addressOf(host);
  const socket = createSocket(target.includes(':') ? 'udp6' : 'udp4');
  try {
    const connected = Promise.withResolvers<void>();
    // A callback of connect() would get the error, and no event would be emitted.
    socket.once('error', connected.reject);
    socket.once('connect', connected.resolve);
    socket.connect(ANY_PORT, target);
    await connected.promise;
    const { address } = socket.address();
    const source = hostOf(address);
    const isCallable = !isLinkLocal(address) && scopeOfHost(multiaddr(source)) !== undefined;
    return isCallable ? source : undefined;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

/** Whether there is a route to the group of multicast DNS. */
export async function hasMulticastRoute(): Promise<boolean> {
  return (await sourceTowards(MDNS_GROUP)) !== undefined;
}

/** This machine's addresses on private networks, without link-local IPv6, which needs a zone. */
export function lanHosts(): Host[] {
  return ownAddresses()
    .filter(({ internal, address }) => !internal && !isLinkLocal(address))
    .map(({ address }) => hostOf(address))
    .filter((host) => scopeOfHost(multiaddr(host)) === SCOPE.network);
}

/** Where only this machine can call: by IPv4, unless it has IPv6 alone. */
export function loopbackHost(): Host {
  const own = ownAddresses().map(({ address }) => address);
  return !own.includes('127.0.0.1') && own.includes('::1') ? '/ip6/::1' : '/ip4/127.0.0.1';
}

/** Whether this machine has the address at this moment. */
export function isOwn(host: Host): boolean {
  return ownAddresses().some(({ address }) => address === addressOf(host));
}

/** Whether the address is still this machine's, though its link may be down. */
export async function isKept(host: Host): Promise<boolean> {
  const address = addressOf(host);
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    const bound = Promise.withResolvers<void>();
    socket.once('error', bound.reject);
    socket.bind({ address, port: 0 }, bound.resolve);
    await bound.promise;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

const hostOf = (address: string): Host => `/${address.includes(':') ? 'ip6' : 'ip4'}/${address}`;

const addressOf = (host: Host): string => host.split('/').at(-1)!;
