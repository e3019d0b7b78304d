// Who calls: the address that rules and limits go by. It is worked out once for each
// connection (a look into a BlockList costs 1.6 us), or once for each address that a
// trusted proxy names.
import type { IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { type AddressRules, type AddressSet, normalAddress } from './address-rules.ts';
import { forwardedClient, type ProxyHeader } from './forwarded.ts';
import type { Allowance, RequestLimit } from './request-rate.ts';

export interface Caller {
  readonly address: string;
  /** By --allow and --deny. */
  readonly admitted: boolean;
  readonly allowance: Allowance | undefined;
  /** Named by a proxy: there is no port to log. */
  readonly proxied: boolean;
}

/** Chosen: some 10 MB. */
const MAX_NAMED = 65_536;

export interface CallerRules {
  readonly rules: AddressRules;
  readonly limit: RequestLimit | undefined;
  readonly proxies: AddressSet | undefined;
  readonly proxyHeader: ProxyHeader;
}

export class Callers {
  readonly #given: CallerRules;
  readonly #connected = new WeakMap<Socket, Caller>();
  readonly #named = new Map<string, Caller>();

  constructor(given: CallerRules) {
    this.#given = given;
  }

  of({ socket, headers }: IncomingMessage): Caller {
    const known = this.#connected.get(socket);
    if (known) return known;
    const peer = normalAddress(socket.remoteAddress ?? '');
    const { proxies, proxyHeader } = this.#given;
    const value = headers[proxyHeader];
    if (proxies?.has(peer) && value !== undefined) {
      const list = Array.isArray(value) ? value.join(',') : value;
      return this.#proxied(forwardedClient(proxyHeader, list, peer, proxies));
    }
    const caller = this.#describe(peer, false);
    // What a proxy sends without the header is about the proxy; its next may bear one.
    if (!proxies?.has(peer)) this.#connected.set(socket, caller);
    return caller;
  }

  #proxied(address: string): Caller {
    const known = this.#named.get(address);
    if (known) return known;
    const caller = this.#describe(address, true);
    this.#named.set(address, caller);
    forgetOldest(this.#named, MAX_NAMED);
    return caller;
  }

  #describe(address: string, proxied: boolean): Caller {
    const { rules, limit } = this.#given;
    const allowance = limit?.of(household(address));
    return { address, admitted: rules.admits(address), allowance, proxied };
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
