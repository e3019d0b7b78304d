// Signatures of peers: a PeerId holds the Ed25519 key that its owner signs with.
import { peerIdFromString } from '@libp2p/peer-id';

/** Whether the owner of that PeerId has signed the bytes; false for what is no PeerId, too. */
export async function isSignedBy(
  peer: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const { publicKey } = peerIdFromString(peer);
    return (await publicKey?.verify(bytes, signature)) ?? false;
  } catch {
    return false;
  }
}
