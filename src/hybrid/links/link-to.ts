// The share link to what this peer shares.
import { isIP } from 'node:net';
import type { CID } from 'multiformats/cid';
import { hostOf, showUrl } from '../../client/http/url.ts';
import { tryParseAddress } from '../../peer/address/peer-address.ts';
import { scopeOf } from '../../peer/address/scope.ts';
import { SCOPE, scopeOfIp } from '../../runtime/node/scope.ts';
import { formatShareLink } from './share-link.ts';

/** A machine with many networks has addresses that hardly anybody can call. Chosen. */
const MOST_ADDRESSES = 4;
/** Each makes the link longer. Chosen. */
const MOST_HUBS = 2;

interface Shared {
  readonly cid: CID;
  readonly name: string;
  readonly bytes: number;
}

/**
 * @param addresses of this peer, the most useful first
 * @param hubs that this peer joins through
 */
export function linkTo(
  { cid, name, bytes }: Shared,
  addresses: readonly string[],
  hubs: readonly URL[],
): string {
  // Widest first: of a machine with many networks those are told that most can call.
  const beyond = addresses.filter(leadsBeyond).sort((a, b) => reachOf(b) - reachOf(a));
  const told = (beyond.length > 0 ? beyond : addresses).slice(0, MOST_ADDRESSES);
  const named = hubs.filter(isBeyond).slice(0, MOST_HUBS).map(showUrl);
  return formatShareLink({ cid, name, bytes, addresses: told, hubs: [...new Set(named)] });
}

const reachOf = (text: string): number => scopeOf(tryParseAddress(text)!.multiaddr) ?? SCOPE.host;

/** Nobody but this machine gets anywhere by its loopback address. */
function leadsBeyond(text: string): boolean {
  const parsed = tryParseAddress(text);
  return parsed !== undefined && scopeOf(parsed.multiaddr) !== SCOPE.host;
}

/** A hub on this machine is one of others to nobody else. */
function isBeyond(url: URL): boolean {
  const host = hostOf(url);
  return isIP(host) ? scopeOfIp(host) !== SCOPE.host : host !== 'localhost';
}
