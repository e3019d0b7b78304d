// The peers to which alone a peer may be connected, where its user names them. Others are hung up on
// once their handshake has proved who they are, and are not called.
import { peerIdFromString } from '@libp2p/peer-id';
import { HubswarmError } from '../../runtime/errors.ts';
import { tryParseAddress } from '../address/peer-address.ts';

/** Longest text that is read; a PeerId has 52 characters at the most, its multihash as text. */
const MOST_CHARACTERS = 128;

/** @param text a PeerId, or a multiaddr that ends with one. @throws HubswarmError ERR_USAGE */
export function parsePeerId(option: string, text: string): string {
  const peer = tryParseAddress(text)?.peerId ?? tryPeerId(text);
  if (peer !== undefined) return peer;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' is not a PeerId; give one as the other peer prints it, as in 12D3KooW...`,
  );
}

function tryPeerId(text: string): string | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  try {
    return peerIdFromString(text).toString();
  } catch {
    return undefined;
  }
}
