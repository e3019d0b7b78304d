// The scope of a multiaddr, and what is believed of the addresses that a remote names.
import type { Multiaddr } from '@multiformats/multiaddr';
import { SCOPE, type Scope, scopeOfIp } from '../../runtime/node/scope.ts';
import { type PeerAddress, tryParseAddress } from './peer-address.ts';

/**
 * The scope; undefined if no peer can listen there: no IP address, no port, multicast and the like.
 */
export function scopeOf(address: Multiaddr): Scope | undefined {
  const port = Number(address.getComponents().find(({ name }) => name === 'tcp')?.value ?? 0);
  return port === 0 ? undefined : scopeOfHost(address);
}

/** The scope whatever the port, also before the address is listened at. */
export function scopeOfHost(address: Multiaddr): Scope | undefined {
  const ip = ipOf(address);
  return ip === undefined ? undefined : scopeOfIp(ip);
}

/** The IP address; undefined for a name. */
export const ipOf = (address: Multiaddr): string | undefined =>
  address.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value;

/** The scope of a peer by its connections, the nearest one; without any it is a stranger. */
export function scopeOfPeer(connections: readonly { readonly remoteAddr: Multiaddr }[]): Scope {
  const scopes = connections.map(({ remoteAddr }) => scopeOf(remoteAddr) ?? SCOPE.everywhere);
  return Math.min(SCOPE.everywhere, ...scopes) as Scope;
}

/**
 * The addresses that a remote of this scope may name: well-formed, by number, of its own scope or a
 * wider one. A name may lead anywhere, and elsewhere a moment later.
 */
export function believe(addresses: readonly string[], teller: Scope): PeerAddress[] {
  return addresses.flatMap((text) => {
    const parsed = tryParseAddress(text);
    const scope = parsed && scopeOf(parsed.multiaddr);
    return parsed && scope !== undefined && scope >= teller ? [parsed] : [];
  });
}

/** Of this peer's own addresses those that a remote of that scope has a use for: beyond this host none of it alone. */
export function tellable(own: readonly Multiaddr[], remote: Scope): Multiaddr[] {
  return remote === SCOPE.host ? [...own] : own.filter((each) => scopeOf(each) !== SCOPE.host);
}

/** What all others are told alike: where one of them is beyond this host, or an address is, none of it alone. */
export function toldToAll(
  own: readonly Multiaddr[],
  connections: readonly { readonly remoteAddr: Multiaddr }[],
): Multiaddr[] {
  const beyond = tellable(own, SCOPE.network);
  const areHere = connections.every(({ remoteAddr }) => scopeOf(remoteAddr) === SCOPE.host);
  return beyond.length === 0 && areHere ? [...own] : beyond;
}
