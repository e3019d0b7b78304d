// Patches @libp2p/kad-dht 16: its provider records lie in a store of our own, and of the addresses
// that a peer names it keeps those that the peer may name (address/scope.ts).
import type { PeerId, PeerInfo } from '@libp2p/interface';
import type { QueryEvent, SingleKadDHT } from '@libp2p/kad-dht';
import { multiaddr } from '@multiformats/multiaddr';
import type { CID } from 'multiformats/cid';
import type { Scope } from '../../runtime/node/scope.ts';
import { believe } from '../address/scope.ts';
import { inside } from './inside.ts';

/** The object that kadDHT() makes, with members that its declared type hides. */
export type Dht = SingleKadDHT & {
  /** Emits 'peer:add' when a peer entered it. */
  readonly routingTable: EventTarget & {
    closestPeers(kadId: Uint8Array, options: { count: number }): PeerId[];
  };
  readonly providers: Providers;
  readonly network: Answers;
  readonly rpc: { readonly handlers: { readonly ADD_PROVIDER: ProviderRequests } };
};

/** What asks other peers. It emits 'peer' of each peer that an answer names, and names no teller. */
interface Answers {
  sendRequest(to: PeerId, message: object, options: object): AsyncGenerator<QueryEvent>;
  safeDispatchEvent(type: string, init: { detail: PeerInfo }): boolean;
}

/** What takes provider records, with their addresses as bytes. */
interface ProviderRequests {
  handle(peer: PeerId, message: { providers: { multiaddrs: Uint8Array[] }[] }): Promise<unknown>;
}

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

/**
 * Call before the DHT starts.
 *
 * @param scopeOf the scope of a peer that names addresses
 */
export function sieveAddresses(dht: Dht, scopeOf: (teller: PeerId) => Scope): void {
  sieveAnswers(dht, scopeOf);
  sieveRecords(dht, scopeOf);
}

function sieveAnswers(dht: Dht, scopeOf: (teller: PeerId) => Scope): void {
  const patch = 'addresses in answers of the DHT';
  const network = inside<Answers>(patch, dht.network, 'sendRequest', 'safeDispatchEvent');
  if (!network) return;
  const send = network.sendRequest.bind(network);
  const emit = network.safeDispatchEvent.bind(network);
  network.safeDispatchEvent = () => true;
  network.sendRequest = async function* (to, message, options) {
    for await (const event of send(to, message, options)) {
      if (event.name !== 'PEER_RESPONSE') {
        yield event;
        continue;
      }
      const teller = scopeOf(to);
      const sieve = ({ id, multiaddrs }: PeerInfo): PeerInfo => ({
        id,
        multiaddrs: believe(multiaddrs.map(String), teller).map((each) => each.multiaddr),
      });
      const closer = event.closer.map(sieve);
      const providers = event.providers.map(sieve);
      for (const detail of [...closer, ...providers]) emit('peer', { detail });
      yield { ...event, closer, providers };
    }
  };
}

function sieveRecords(dht: Dht, scopeOf: (teller: PeerId) => Scope): void {
  const patch = 'addresses in provider records';
  const rpc = inside<Dht['rpc']>(patch, dht.rpc, 'handlers');
  const handlers = inside<Dht['rpc']['handlers']>(patch, rpc?.handlers, 'ADD_PROVIDER');
  const requests = inside<ProviderRequests>(patch, handlers?.ADD_PROVIDER, 'handle');
  if (!requests) return;
  const handle = requests.handle.bind(requests);
  requests.handle = async (peer, message) => {
    const teller = scopeOf(peer);
    for (const provider of message.providers) {
      const texts = provider.multiaddrs.map((bytes) => `${multiaddr(bytes)}`);
      provider.multiaddrs = believe(texts, teller).map((each) => each.multiaddr.bytes);
    }
    return await handle(peer, message);
  };
}
