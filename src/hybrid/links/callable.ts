// Which addresses of a share link are called. A link comes from anybody: a web page may show one that
// leads to a port of this very machine, where a program may trust every caller. So nothing on this
// machine is called for a link, by any address of it: the user's own peers here are found without one
// (`peer/discovery/`). Nor is a link-local address, where clouds answer with a machine's credentials.
// An address on a private network is called, since that is what most links are for: the caller sends
// the same first bytes to each, which the link cannot choose, and tells nobody whether one answered.
// A name may lead anywhere, and elsewhere a moment later: it is looked up at each call, and the
// addresses that it stands for are held to the same rule and called by number.
import { isIP } from 'node:net';
import { hostOf } from '../../client/http/url.ts';
import { tryParseAddress } from '../../peer/address/peer-address.ts';
import { isNamed } from '../../peer/address/resolve-names.ts';
import { ipOf, scopeOf } from '../../peer/address/scope.ts';
import { ownAddresses } from '../../runtime/node/own-addresses.ts';
import {
  isLinkLocalIp,
  matcherOf,
  SCOPE,
  type Scope,
  scopeOfIp,
} from '../../runtime/node/scope.ts';
import type { ShareLink } from './share-link.ts';

export interface Callable {
  readonly addresses: readonly string[];
  readonly hubs: readonly URL[];
  /** Addresses that begin with a name: what they stand for is looked at when they are called. */
  readonly names: readonly string[];
  /** What only the user may name, by an option or an argument of its own. */
  readonly passedOver: readonly string[];
}

/**
 * Kinds of addresses that no peer here can call are left out silently: a later version may.
 *
 * @param own the addresses of this machine
 */
export function callableOf(
  { addresses, hubs }: Pick<ShareLink, 'addresses' | 'hubs'>,
  own: readonly string[] = ownAddresses().map(({ address }) => address),
): Callable {
  const isElsewhere = elsewhere(own);
  const mayCall = mayCallFor(own);
  const mayAsk = (url: URL): boolean => {
    const host = hostOf(url);
    // Names are asked for at each request, which then goes by the rule of client/http/tellers.ts.
    if (!isIP(host)) return host !== 'localhost' && !host.endsWith('.localhost');
    return isBeyondHost(scopeOfIp(host)) && isElsewhere(host);
  };
  const names = addresses.filter(isNamed);
  const known = addresses.filter((text) => tryParseAddress(text) && !isNamed(text));
  const urls = hubs.map((text) => new URL(text));
  return {
    addresses: known.filter(mayCall),
    hubs: urls.filter(mayAsk),
    names,
    passedOver: [
      ...known.filter((text) => !mayCall(text)),
      ...urls.filter((url) => !mayAsk(url)).map(({ href }) => href),
    ],
  };
}

/** Whether an address by number may be called for a link. */
export function mayCallFor(
  own: readonly string[] = ownAddresses().map(({ address }) => address),
): (text: string) => boolean {
  const isElsewhere = elsewhere(own);
  return (text) => {
    const { multiaddr } = tryParseAddress(text)!;
    const ip = ipOf(multiaddr);
    return ip !== undefined && isBeyondHost(scopeOf(multiaddr)) && isElsewhere(ip);
  };
}

function elsewhere(own: readonly string[]): (ip: string) => boolean {
  const isOwn = matcherOf(own);
  return (ip) => !isOwn(ip) && !isLinkLocalIp(ip);
}

const isBeyondHost = (scope: Scope | undefined): boolean =>
  scope !== undefined && scope !== SCOPE.host;
