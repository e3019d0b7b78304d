// Finds the client behind trusted proxies, and how many of them there are. Each proxy appends the address that called it. So the
// list is read from its end, and only as far as its writers are trusted: the client may have sent
// any text before that. Only one header is read, the one that the proxy writes: a proxy that knows
// only X-Forwarded-For passes on a forged Forwarded (RFC 7239 section 8.1). Pure.
import { isIP } from 'node:net';
import { type AddressSet, normalAddress } from '../../hub/access/address-rules.ts';

export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const;
export type ProxyHeader = (typeof PROXY_HEADERS)[number];

/** Most proxies in a row. Chosen. */
const MAX_HOPS = 16;

/** How a request came to the hub. */
export interface Way {
  /** The first address from the end that is not a trusted proxy's. */
  readonly client: string;
  /** Trusted proxies in a row, with the one that called the hub: so many elements of a list are theirs. */
  readonly hops: number;
}

/**
 * @param peer address of the connection; it is trusted
 * @param value of the header, several values joined by commas; an element that cannot be read ends
 * the list, and the hop that wrote it counts as the client
 */
export function forwardedWay(
  header: ProxyHeader,
  value: string,
  peer: string,
  trusted: AddressSet,
): Way {
  let [client, hops] = [peer, 1];
  for (const element of value.split(',').slice(-MAX_HOPS).reverse()) {
    const node = header === 'forwarded' ? forOf(element) : element.trim();
    const address = node && addressOf(node);
    if (!address) break;
    client = address;
    if (!trusted.has(client)) break;
    hops++;
  }
  return { client, hops };
}

/** RFC 7239 section 4: pairs of one hop, separated by semicolons. */
function forOf(element: string): string | undefined {
  return /(?:^|;)\s*for="?([^";]*)"?/i.exec(element.trim())?.[1];
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; not `unknown` or `_hidden`. */
function addressOf(node: string): string | undefined {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(node)?.[1] ?? /^([\d.]+):\d+$/.exec(node)?.[1] ?? node;
  return isIP(bare) ? normalAddress(bare) : undefined;
}
