// Wraps what libp2p 3 hands to its protocols (identify, kad-dht, mDNS): their own peer's addresses are
// those that others have a use for, so that none of this host alone leaves it.
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Scope } from '../../runtime/node/scope.ts';
import { tellable, toldToAll } from '../address/scope.ts';
import { inside } from './inside.ts';

interface AddressManager {
  getAddresses(): Multiaddr[];
}

interface Parts {
  readonly addressManager?: object;
  readonly connectionManager: {
    getConnections(): readonly { readonly remoteAddr: Multiaddr }[];
  };
}

/** @param heardBy the scope of those that hear it; by default that of whoever is connected */
export function asTold<Components extends object>(
  components: Components,
  heardBy?: Scope,
): Components {
  const { addressManager, connectionManager } = components as Parts;
  const patch = 'addresses that others are told';
  const manager = inside<AddressManager>(patch, addressManager, 'getAddresses');
  if (!manager) return components;
  const getAddresses = (): Multiaddr[] => {
    const own = manager.getAddresses();
    return heardBy === undefined
      ? toldToAll(own, connectionManager.getConnections())
      : tellable(own, heardBy);
  };
  const told = Object.create(manager, { getAddresses: { value: getAddresses } });
  return Object.create(components, { addressManager: { value: told } });
}
