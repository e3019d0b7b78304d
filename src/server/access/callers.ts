// Who calls: the address that rules and limits go by. It is worked out once for each
// connection (a look into a BlockList costs 1.6 us), or once for each address that a
// trusted proxy names.
import type { IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import type { Allowance, RequestLimit } from '../../hub/access/request-rate.ts';
import type { Link } from '../../link/link.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { type AddressRules, type AddressSet, normalAddress } from './address-rules.ts';
import type { ClientLinks } from './client-links.ts';
import { forwardedClient, type ProxyHeader } from './forwarded.ts';

export interface Caller {
  readonly address: string;
  /** By --allow and --deny. */
  readonly admitted: boolean;
  readonly allowance: Allowance | undefined;
  /** What is sent to it passes here first. */
  readonly link: Link | undefined;
  /** Named by a proxy: there is no port to log. */
  readonly proxied: boolean;
}

/** Of what proxies say; with MAX_REMEMBERED_LENGTH some 10 MB at the most. Chosen. */
const MAX_REMEMBERED = 16_384;
/** Longer lists are of several proxies, or somebody's play. */
const MAX_REMEMBERED_LENGTH = 256;

export interface CallerRules {
  readonly rules: AddressRules;
  readonly limit: RequestLimit | undefined;
  readonly links: ClientLinks | undefined;
  readonly proxies: AddressSet | undefined;
  readonly proxyHeader: ProxyHeader;
}

export class Callers {
  readonly #given: CallerRules;
  readonly #connected = new WeakMap<Socket, Caller>();
  /** Connections of trusted proxies, with their address. */
  readonly #proxies = new WeakMap<Socket, string>();
  /** By the proxy's address and what it said. */
  readonly #named = new Map<string, Caller>();

  constructor(given: CallerRules) {
    this.#given = given;
  }

  of({ socket, headers }: IncomingMessage): Caller {
    const known = this.#connected.get(socket);
    if (known) return known;
    const proxy = this.#proxies.get(socket) ?? this.#meet(socket);
    const said = headers[this.#given.proxyHeader];
    // A proxy that names nobody asks for itself; its next request may be another's.
    if (proxy !== undefined && said !== undefined) return this.#proxied(proxy, String(said));
    const caller = this.#describe(proxy ?? normalAddress(socket.remoteAddress ?? ''), false);
    if (proxy === undefined) this.#connected.set(socket, caller);
    return caller;
  }

  /** The address of a new connection if it is a trusted proxy's. */
  #meet(socket: Socket): string | undefined {
    const peer = normalAddress(socket.remoteAddress ?? '');
    if (!this.#given.proxies?.has(peer)) return undefined;
    this.#proxies.set(socket, peer);
    return peer;
  }

  #proxied(proxy: string, said: string): Caller {
    const key = `${proxy} ${said}`;
    const known = this.#named.get(key);
    if (known) return known;
    const { proxies, proxyHeader } = this.#given;
    const address = forwardedClient(proxyHeader, said, proxy, proxies!);
    const caller = this.#describe(address, true);
    if (said.length > MAX_REMEMBERED_LENGTH) return caller;
    this.#named.set(key, caller);
    forgetOldest(this.#named, MAX_REMEMBERED);
    return caller;
  }

  #describe(address: string, proxied: boolean): Caller {
    const { rules, limit, links } = this.#given;
    const client = household(address);
    return {
      address,
      admitted: rules.admits(address),
      allowance: limit?.of(client),
      link: links?.of(client),
      proxied,
    };
  }
}

/** An IPv6 user has a network of 2^64 addresses (RFC 6177), and so counts as one by its /64. */
export function household(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    // An IPv4 address at the end stands for two groups.
    const missing = 8 - groups.length - after.length - (tail.includes('.') ? 1 : 0);
    groups.push(...Array<string>(Math.max(missing, 0)).fill('0'), ...after);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
