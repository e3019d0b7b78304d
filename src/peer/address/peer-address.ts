// Multiaddrs as people and files give them. Hubswarm speaks TCP only, so an
// address is a host, a TCP port and, where it names a peer, /p2p/ and its id.
import { isIP } from 'node:net';
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { HubswarmError } from '../../runtime/errors.ts';

export interface PeerAddress {
  readonly multiaddr: Multiaddr;
  /** The PeerId in the address; undefined if it has none. Over a relay it is the one behind it. */
  readonly peerId: string | undefined;
  /** Whether it leads over a relay. */
  readonly isRelayed: boolean;
}

/** Longest text that is parsed; a DNS name has at most 253 characters, a PeerId 52, and there may be two. */
const MAX_TEXT_LENGTH = 512;

/**
 * Shape of an address that a TCP-only node can dial or listen on: host, TCP port, and perhaps the
 * peer. Or a relay's, and perhaps the peer behind it.
 */
const SHAPE =
  /^(ip4|(ip6zone,)?ip6|dns|dns4|dns6),tcp(,p2p)?(?<relayed>(?<=,p2p),p2p-circuit(,p2p)?)?$/;

/** Parses a TCP multiaddr; undefined if it is malformed or of another kind. */
export function tryParseAddress(text: string): PeerAddress | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  try {
    const address = multiaddr(text);
    const parts = address.getComponents();
    const shape = SHAPE.exec(parts.map(({ name }) => name).join());
    if (!shape) return undefined;
    const last = parts.at(-1);
    const peerId = last?.name === 'p2p' ? last.value : undefined;
    for (const { name, value } of parts) if (name === 'p2p') peerIdFromString(`${value}`);
    return { multiaddr: address, peerId, isRelayed: shape.groups?.relayed !== undefined };
  } catch {
    return undefined;
  }
}

/** Addresses in their binary form, as texts; those of kinds that are not known are left out. */
export function decodeAddresses(encoded: readonly Uint8Array[]): string[] {
  return encoded.flatMap((bytes) => {
    try {
      return [`${multiaddr(bytes)}`];
    } catch {
      return [];
    }
  });
}

/** Host and port, without the peer that is there. */
export const withoutPeer = (address: Multiaddr): string => `${address}`.replace(/\/p2p\/.*$/, '');

/** @throws HubswarmError ERR_USAGE, in one line that names the option */
export function parseMultiaddr(option: string, text: string): Multiaddr {
  const parsed = tryParseAddress(text);
  if (parsed) return parsed.multiaddr;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' is not a TCP multiaddr; ${meantBy(text)}`,
  );
}

/** What to write in place of what people write. */
function meantBy(text: string): string {
  const [, host, port] = /^(?:tcp:\/\/)?(?:\[?([\w.:-]+?)\]?:)?(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined) return `give ${hostPart(host)}/tcp/${port}`;
  if (isPeerId(text)) {
    return `a PeerId does not say where; give its address, as in /ip4/192.0.2.7/tcp/4001/p2p/${text}`;
  }
  return 'give one as in /ip4/192.0.2.7/tcp/4001 or /dns4/example.org/tcp/4001/p2p/12D3KooW...';
}

function hostPart(host = '0.0.0.0'): string {
  const version = isIP(host);
  return version === 0 ? `/dns/${host}` : `/ip${version}/${host}`;
}

function isPeerId(text: string): boolean {
  try {
    peerIdFromString(text);
    return true;
  } catch {
    return false;
  }
}
