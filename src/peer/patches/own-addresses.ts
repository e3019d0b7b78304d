// Patches libp2p 3: it names no public address at which it listens until another peer has proved
// that it can be called there (its own AutoNAT, which runs nowhere here). So a peer with a public address
// was found by nobody. Who listens at an address names it; whether it can be called, a call shows. Addresses
// over relays are named beside them: libp2p has no place for addresses of no listener of its own.
import type { Multiaddr } from '@multiformats/multiaddr';
import { inside } from './inside.ts';

interface Known {
  readonly multiaddr: Multiaddr;
  readonly type: string;
  readonly verified: boolean;
}

interface AddressManager {
  getAddressesWithMetadata(): Known[];
}

/** A service of a node. */
export class OwnAddresses {
  #others: readonly Known[] = [];

  /** Must be made with the node. */
  constructor(components: object) {
    const patch = 'public addresses';
    const { addressManager } = components as { addressManager?: AddressManager };
    const manager = inside<AddressManager>(patch, addressManager, 'getAddressesWithMetadata');
    if (!manager) return;
    const known = manager.getAddressesWithMetadata.bind(manager);
    manager.getAddressesWithMetadata = () => [
      ...known().map((each) => (each.type === 'transport' ? { ...each, verified: true } : each)),
      ...this.#others,
    ];
  }

  /** Names these as well, in place of those of the last call; without this peer's own PeerId. */
  nameAlso(addresses: readonly Multiaddr[]): void {
    this.#others = addresses.map((multiaddr) => ({ multiaddr, type: 'transport', verified: true }));
  }
}
