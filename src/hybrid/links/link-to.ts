// The share link to what this peer shares.
import type { CID } from 'multiformats/cid';
import { tryParseAddress } from '../../peer/address/peer-address.ts';
import { scopeOf } from '../../peer/address/scope.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import { formatShareLink } from './share-link.ts';

/** A machine with many networks has addresses that hardly anybody can call. Chosen. */
const MOST_ADDRESSES = 4;

interface Shared {
  readonly cid: CID;
  readonly name: string;
  readonly bytes: number;
}

/** @param addresses of this peer, the most useful first */
export function linkTo({ cid, name, bytes }: Shared, addresses: readonly string[]): string {
  const beyond = addresses.filter(leadsBeyond);
  const told = beyond.length > 0 ? beyond : addresses;
  return formatShareLink({ cid, name, bytes, addresses: told.slice(0, MOST_ADDRESSES), hubs: [] });
}

/** Nobody but this machine gets anywhere by its loopback address. */
function leadsBeyond(text: string): boolean {
  const parsed = tryParseAddress(text);
  return parsed !== undefined && scopeOf(parsed.multiaddr) !== SCOPE.host;
}
