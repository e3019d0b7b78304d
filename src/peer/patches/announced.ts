// Reaches into libp2p 3: it takes addresses to announce when a node is made, and no later.
import { inside } from './inside.ts';

interface AddressManager {
  /** Multiaddrs that are named beside those at which the node listens. */
  readonly appendAnnounce: Set<string>;
  _updatePeerStoreAddresses(): void;
}

/** Names the multiaddr as one of the node from now on. Returns the function that takes it back. */
export function announceAlso(node: object, address: string): () => void {
  const patch = 'announcing another address';
  const { components } = inside<{ components: object }>(patch, node, 'components') ?? {};
  const { addressManager } = (components ?? {}) as { addressManager?: object };
  const manager = inside<AddressManager>(
    patch,
    addressManager,
    'appendAnnounce',
    '_updatePeerStoreAddresses',
  );
  if (!manager) return () => {};
  manager.appendAnnounce.add(address);
  manager._updatePeerStoreAddresses();
  return () => {
    manager.appendAnnounce.delete(address);
    manager._updatePeerStoreAddresses();
  };
}
