/**
 * Hole punching as libp2p's DCUtR has it, /libp2p/dcutr, over a connection through a relay.
 *
 *     holder -> caller   CONNECT, where the holder's port is seen
 *     caller -> holder   CONNECT, where the caller's port is seen; the holder notes the round trip
 *     holder -> caller   SYNC; the caller calls at once, the holder half a round trip later
 *
 * Both call from the port that the other was told of, so their SYNs cross and each NAT takes the other's
 * for an answer (RFC 9293 3.5: simultaneous open). In the handshakes above it the caller is the initiator.
 */
import type { Multiaddr } from '@multiformats/multiaddr';
import { decodeAddresses } from '../address/peer-address.ts';
import { encodeFields, type Fields } from '../circuit/fields.ts';

export const PUNCH_PROTOCOL = '/libp2p/dcutr';

export const TYPE = { connect: 100, sync: 300 } as const;

export const encodeConnect = (seen: Multiaddr): Uint8Array =>
  encodeFields([
    [1, TYPE.connect],
    [2, seen.bytes],
  ]);

export const encodeSync = (): Uint8Array => encodeFields([[1, TYPE.sync]]);

/** Addresses in a CONNECT; undefined if it is another message. */
export function addressesIn(message: Fields): string[] | undefined {
  if (message.number(1) !== TYPE.connect) return undefined;
  return decodeAddresses(message.all(2));
}
