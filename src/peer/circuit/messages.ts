/**
 * Circuit relay v2 of libp2p, /libp2p/circuit/relay/0.2.0/{hop,stop}.
 *
 * Participants: a holder, who cannot be called; a relay, which the holder calls; a caller. Goals: the
 * caller reaches the holder over the relay, at little cost to the relay. Non-goals: secrets from the
 * relay beyond those of a router (it sees who calls whom, and encrypted bytes); vouchers, which nobody
 * asks for.
 *
 *     holder -> relay   hop   RESERVE                    <- STATUS, expiry, the relay's addresses, limits
 *     caller -> relay   hop   CONNECT holder             <- STATUS, limits; then the bytes of a connection
 *     relay -> holder   stop  CONNECT caller, limits     <- STATUS; then the same bytes
 *
 * Each message is protobuf behind its length. A message over 4 KiB, or one that is not whole in time,
 * ends its stream. Either side of a circuit that passes its limits is reset.
 */
import type { PeerId } from '@libp2p/interface';
import { peerIdFromMultihash } from '@libp2p/peer-id';
import { digest } from 'multiformats';
import { encodeFields, type Fields } from './fields.ts';

export const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop';
export const STOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/stop';

export const HOP = { reserve: 0, connect: 1, status: 2 } as const;
export const STOP = { connect: 0, status: 1 } as const;

export const STATUS = {
  ok: 100,
  reservationRefused: 200,
  resourceLimitExceeded: 201,
  permissionDenied: 202,
  connectionFailed: 203,
  noReservation: 204,
  malformed: 400,
  unexpected: 401,
} as const;

const MEANINGS: Readonly<Record<number, string>> = {
  200: 'it has no room',
  201: 'it is at its limit',
  202: 'it refuses',
  203: 'the peer did not answer it',
  204: 'the peer is not there',
};

/** A status in words for a person. */
export const meaningOf = (status: number | undefined): string =>
  MEANINGS[status ?? 0] ?? 'it made no sense';

/** What one circuit may carry. */
export interface CircuitLimits {
  readonly bytes: number;
  readonly seconds: number;
}

const encodeLimits = ({ seconds, bytes }: CircuitLimits): Uint8Array =>
  encodeFields([
    [1, seconds],
    [2, bytes],
  ]);

const encodePeer = (peer: PeerId): Uint8Array => encodeFields([[1, peer.toMultihash().bytes]]);

export const encodeReserve = (): Uint8Array => encodeFields([[1, HOP.reserve]]);

export const encodeConnect = (holder: PeerId): Uint8Array =>
  encodeFields([
    [1, HOP.connect],
    [2, encodePeer(holder)],
  ]);

export interface Grant {
  /** Unix time in seconds. */
  readonly expires: number;
  readonly addresses: readonly Uint8Array[];
  readonly limits: CircuitLimits;
}

export const encodeGranted = ({ expires, addresses, limits }: Grant): Uint8Array =>
  encodeFields([
    [1, HOP.status],
    [3, encodeFields([[1, expires], ...addresses.map((address) => [2, address] as const)])],
    [4, encodeLimits(limits)],
    [5, STATUS.ok],
  ]);

export const encodeHopStatus = (status: number, limits?: CircuitLimits): Uint8Array =>
  encodeFields([
    [1, HOP.status],
    [4, limits && encodeLimits(limits)],
    [5, status],
  ]);

export const encodeStopConnect = (caller: PeerId, limits: CircuitLimits): Uint8Array =>
  encodeFields([
    [1, STOP.connect],
    [2, encodePeer(caller)],
    [3, encodeLimits(limits)],
  ]);

export const encodeStopStatus = (status: number): Uint8Array =>
  encodeFields([
    [1, STOP.status],
    [4, status],
  ]);

/** The peer that a CONNECT names, on either stream; undefined if it names none. */
export function peerIn(message: Fields): PeerId | undefined {
  const id = message.message(2)?.bytes(1);
  try {
    return id && peerIdFromMultihash(digest.decode(id));
  } catch {
    return undefined;
  }
}
