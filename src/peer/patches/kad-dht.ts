// Patches @libp2p/kad-dht 16: its provider records lie in a store of our own.
import type { PeerId } from '@libp2p/interface';
import type { SingleKadDHT } from '@libp2p/kad-dht';
import type { CID } from 'multiformats/cid';
import { inside } from './inside.ts';

/** The object that kadDHT() makes, with members that its declared type hides. */
export type Dht = SingleKadDHT & {
  /** Emits 'peer:add' when a peer entered it. */
  readonly routingTable: EventTarget & {
    closestPeers(kadId: Uint8Array, options: { count: number }): PeerId[];
  };
  readonly providers: Providers;
};

interface Providers {
  addProvider(cid: CID, provider: PeerId): Promise<void>;
  removeProvider(cid: CID, provider: PeerId): Promise<void>;
  getProviders(cid: CID): Promise<PeerId[]>;
}

interface Records {
  add(cid: CID, provider: PeerId): void;
  remove(cid: CID, provider: PeerId): void;
  list(cid: CID): PeerId[];
}

/** Call before the DHT starts. */
export function keepProviders(dht: Dht, store: Records): void {
  const providers = inside<Providers>(
    'provider records',
    dht.providers,
    'addProvider',
    'removeProvider',
    'getProviders',
  );
  if (!providers) return;
  providers.addProvider = async (cid, provider) => store.add(cid, provider);
  providers.removeProvider = async (cid, provider) => store.remove(cid, provider);
  providers.getProviders = async (cid) => store.list(cid);
}
