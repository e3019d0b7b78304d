// Which addresses of a share link are called. A link comes from anybody: a web page may show one that
// leads to a port of this very machine, where a program may trust every caller. So nothing on this
// machine is called for a link: the user's own peers here are found without one (`peer/discovery/`).
// An address on a private network is called, since that is what most links are for: the caller sends
// the same first bytes to each, which the link cannot choose, and tells nobody whether one answered.
// Names are passed over: one may lead anywhere, and elsewhere a moment later.
import { isIP } from 'node:net';
import { tryParseAddress } from '../../peer/address/peer-address.ts';
import { scopeOf } from '../../peer/address/scope.ts';
import { SCOPE, scopeOfIp } from '../../runtime/node/scope.ts';
import type { ShareLink } from './share-link.ts';

export interface Callable {
  readonly addresses: readonly string[];
  readonly hubs: readonly URL[];
  /** What only the user may name, by an option or an argument of its own. */
  readonly passedOver: readonly string[];
}

/** Kinds of addresses that no peer here can call are left out silently: a later version may. */
export function callableOf({ addresses, hubs }: Pick<ShareLink, 'addresses' | 'hubs'>): Callable {
  const known = addresses.filter((text) => tryParseAddress(text) !== undefined);
  const urls = hubs.map((text) => new URL(text));
  return {
    addresses: known.filter(isCallable),
    hubs: urls.filter(isBeyondHere),
    passedOver: [
      ...known.filter((text) => !isCallable(text)),
      ...urls.filter((url) => !isBeyondHere(url)).map(({ href }) => href),
    ],
  };
}

function isCallable(text: string): boolean {
  const scope = scopeOf(tryParseAddress(text)!.multiaddr);
  return scope !== undefined && scope !== SCOPE.host;
}

/** Names are asked for at each request, which then goes by the rule of client/http/tellers.ts. */
function isBeyondHere({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return false;
  const scope = isIP(host) ? scopeOfIp(host) : SCOPE.everywhere;
  return scope !== undefined && scope !== SCOPE.host;
}
