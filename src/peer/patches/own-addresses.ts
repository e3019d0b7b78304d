// Patches libp2p 3: it names no public address at which it listens until another peer has proved
// that it can be called there (AutoNAT, which runs nowhere here). So a peer with a public address
// was found by nobody. Who listens at an address names it; whether it can be called, a call shows.
import { inside } from './inside.ts';

interface Known {
  readonly type: string;
  readonly verified: boolean;
}

interface AddressManager {
  getAddressesWithMetadata(): Known[];
}

/** Must be made with the node, as a service of it. */
export function nameOwnAddresses(components: object): object {
  const patch = 'public addresses';
  const { addressManager } = components as { addressManager?: AddressManager };
  const manager = inside<AddressManager>(patch, addressManager, 'getAddressesWithMetadata');
  if (!manager) return {};
  const known = manager.getAddressesWithMetadata.bind(manager);
  manager.getAddressesWithMetadata = () =>
    known().map((each) => (each.type === 'transport' ? { ...each, verified: true } : each));
  return {};
}
