// Finds the address of each request to which rules and limits apply: that of its connection, or the
// one that a trusted proxy names. What the hub knows of an address is looked up once for each
// connection or name.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type AddressSet, normalAddress } from '../../hub/access/address-rules.ts';
import type { Addresses, KnownAddress } from '../../hub/access/addresses.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { forwardedWay, type ProxyHeader } from './forwarded.ts';

export interface ClientAddress {
  readonly known: KnownAddress;
  /** Whether a proxy named it: then there is no port to log. */
  readonly proxied: boolean;
}

/**
 * Most remembered header values of proxies; with MAX_REMEMBERED_LENGTH some 10 MB at most. Chosen.
 */
const MAX_REMEMBERED = 16_384;
/** Longest remembered value. A longer list comes from several proxies, or is an attack. */
const MAX_REMEMBERED_LENGTH = 256;

export interface ClientAddressesOptions {
  readonly addresses: Addresses;
  readonly proxies: AddressSet | undefined;
  readonly proxyHeader: ProxyHeader;
}

export class ClientAddresses {
  readonly #options: ClientAddressesOptions;
  readonly #connected = new WeakMap<Socket, ClientAddress>();
  /** Connections of trusted proxies, with their address. */
  readonly #proxies = new WeakMap<Socket, string>();
  /** Client addresses by the proxy's address and its header value. */
  readonly #named = new Map<string, ClientAddress>();

  constructor(options: ClientAddressesOptions) {
    this.#options = options;
  }

  of({ socket, headers }: IncomingMessage): ClientAddress {
    const known = this.#connected.get(socket);
    if (known) return known;
    const proxy = this.#proxies.get(socket) ?? this.#meet(socket);
    const said = headers[this.#options.proxyHeader];
    // A proxy that names no client asks for itself; its next request may be a client's.
    if (proxy !== undefined && said !== undefined) return this.#proxied(proxy, String(said));
    const connected = this.#look(proxy ?? normalAddress(socket.remoteAddress ?? ''), false);
    if (proxy === undefined) this.#connected.set(socket, connected);
    return connected;
  }

  /** The address of a new connection, if it belongs to a trusted proxy. */
  #meet(socket: Socket): string | undefined {
    const peer = normalAddress(socket.remoteAddress ?? '');
    if (!this.#options.proxies?.has(peer)) return undefined;
    this.#proxies.set(socket, peer);
    return peer;
  }

  #proxied(proxy: string, said: string): ClientAddress {
    const key = `${proxy} ${said}`;
    const known = this.#named.get(key);
    if (known) return known;
    const { proxies, proxyHeader } = this.#options;
    const { client } = forwardedWay(proxyHeader, said, proxy, proxies!);
    const connected = this.#look(client, true);
    if (said.length > MAX_REMEMBERED_LENGTH) return connected;
    this.#named.set(key, connected);
    forgetOldest(this.#named, MAX_REMEMBERED);
    return connected;
  }

  #look(address: string, proxied: boolean): ClientAddress {
    return { known: this.#options.addresses.of(address), proxied };
  }
}
