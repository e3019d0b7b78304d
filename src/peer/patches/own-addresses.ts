// Patches libp2p 3: it names no public address at which it listens until another peer has proved
// that it can be called there (its own AutoNAT, which runs nowhere here). So a peer with a public address
// was found by nobody. Who listens at an address names it, unless it has learnt that nobody gets through.
import type { Multiaddr } from '@multiformats/multiaddr';
import { ipOf } from '../address/scope.ts';
import { inside } from './inside.ts';

interface Known {
  readonly type: string;
  readonly verified: boolean;
  readonly multiaddr: Multiaddr;
}

interface AddressManager {
  getAddressesWithMetadata(): Known[];
  _updatePeerStoreAddresses(): void;
}

export class OwnAddresses {
  readonly #manager: AddressManager | undefined;
  #withheld: string | undefined;

  /** Must be made with the node, as a service of it. */
  constructor(components: object) {
    const { addressManager } = components as { addressManager?: AddressManager };
    const names = ['getAddressesWithMetadata', '_updatePeerStoreAddresses'] as const;
    this.#manager = inside<AddressManager>('public addresses', addressManager, ...names);
    if (!this.#manager) return;
    const known = this.#manager.getAddressesWithMetadata.bind(this.#manager);
    this.#manager.getAddressesWithMetadata = () => known().map((each) => this.#named(each));
  }

  /** Where it listens, named or not. */
  listened(): Multiaddr[] {
    const known = this.#manager?.getAddressesWithMetadata() ?? [];
    return known.flatMap((each) => (each.type === 'transport' ? [each.multiaddr] : []));
  }

  /** Names none at this IP address any more, and those of the one before again; undefined names all. */
  withhold(ip: string | undefined): void {
    if (ip === this.#withheld) return;
    this.#withheld = ip;
    this.#manager?._updatePeerStoreAddresses();
  }

  #named(known: Known): Known {
    if (known.type !== 'transport') return known;
    return { ...known, verified: ipOf(known.multiaddr) !== this.#withheld };
  }
}
