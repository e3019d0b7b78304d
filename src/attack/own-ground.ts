// Decides where an attack may take place: loopback, and the private networks of RFC 1918, 6598,
// 3927 and 4193. A swarm of strangers must not get its packets. Names are refused, since their
// addresses can change.
import type { Multiaddr } from '@multiformats/multiaddr';
import { tryParseAddress } from '../peer/address/peer-address.ts';
import { scopeOfHost } from '../peer/address/scope.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { SCOPE } from '../runtime/node/scope.ts';

export function isOwnGround(address: Multiaddr): boolean {
  const scope = scopeOfHost(address);
  return scope !== undefined && scope < SCOPE.everywhere;
}

/** @throws HubswarmError ERR_USAGE, in one line that names the option */
export function checkOwnGround(option: string, text: string): void {
  const parsed = tryParseAddress(text);
  if (parsed && !parsed.isRelayed && isOwnGround(parsed.multiaddr)) return;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' is not accepted; give a TCP multiaddr of this host or a private network, by number (as in /ip4/127.0.0.1/tcp/4001)`,
  );
}
