// The files that a peer takes part in: for each its store, its swarm, whom the swarm
// calls, and what others can ask of it. Those held aside are packed manifests: they
// have the link and the bans in common with the rest, but nobody is told of them.
import type { PeerId } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import { Contacts } from './contacts.ts';
import type { HeldDag } from './dag-protocol.ts';
import type { Node } from './node.ts';
import { PackedManifests } from './packed-manifests.ts';
import type { Share } from './share.ts';
import { Swarm, type SwarmHooks, type SwarmInit } from './swarm.ts';

/** What all swarms of a peer have in common. */
export interface HoldingsInit
  extends Omit<SwarmInit, Exclude<keyof SwarmHooks, 'onBan'> | 'cid' | 'store'> {
  readonly node: Node;
  isBanned(peer: string): boolean;
}

interface Held extends Share {
  readonly dag: HeldDag;
  readonly isAside: boolean;
}

export class Holdings {
  readonly packed: PackedManifests;
  readonly #init: HoldingsInit;
  readonly #held = new Map<string, Held>();

  constructor(init: HoldingsInit) {
    this.#init = init;
    this.packed = new PackedManifests(this);
  }

  get(cid: CID): Held | undefined {
    return this.#held.get(cid.toString());
  }

  [Symbol.iterator](): Iterator<Held> {
    return this.#held.values();
  }

  swarmOf(file: Uint8Array): Swarm | undefined {
    for (const { cid, swarm } of this) if (Buffer.compare(cid.bytes, file) === 0) return swarm;
    return undefined;
  }

  /** Whoever is connected may have what is being fetched: asking costs one stream. */
  offerContact(peer: PeerId): void {
    for (const { contacts, isAside } of this) if (!isAside) contacts.add(peer.toString(), peer);
  }

  /** Takes part in a file's swarm with what the store holds. */
  hold(cid: CID, store: PieceStore, dag: HeldDag, hooks: Partial<SwarmHooks> = {}): Share {
    const packed = (): Promise<CID | undefined> => this.packed.offer(store.manifest, dag);
    const share = this.#add(cid, store, { ...dag, packed }, hooks, false);
    for (const peer of this.#init.node.getPeers()) share.contacts.add(peer.toString(), peer);
    return share;
  }

  holdAside(store: PieceStore, dag: HeldDag, hooks: Partial<SwarmHooks> = {}): Share {
    return this.#add(store.manifest.root, store, dag, hooks, true);
  }

  /** Ends what was held aside. */
  release(share: Share): void {
    const key = share.cid.toString();
    if (this.#held.get(key)?.swarm === share.swarm) this.#held.delete(key);
    share.contacts.close();
    share.swarm.close();
  }

  /** Ends all swarms. */
  endSwarms(): void {
    for (const { contacts, swarm } of this) {
      contacts.close();
      swarm.close();
    }
  }

  async closeStores(): Promise<void> {
    for (const { store } of this) await store.close();
  }

  #add(
    cid: CID,
    store: PieceStore,
    dag: HeldDag,
    hooks: Partial<SwarmHooks>,
    isAside: boolean,
  ): Held {
    const { node, rng, isBanned, emit } = this.#init;
    const swarm = new Swarm({
      ...this.#init,
      cid,
      store,
      emit: isAside ? () => {} : emit,
      onPeersLearned: (addresses, teller) => contacts.hear(addresses, teller),
      vouchFor: (addresses, neighbour): string[] => contacts.vouchFor(addresses, neighbour),
      onLeft: (peer) => contacts.lost(peer),
      onPieceStored: (piece) => hooks.onPieceStored?.(piece),
      onCompleted: () => hooks.onCompleted?.(),
      onFailed: (error) => hooks.onFailed?.(error),
    });
    const contacts = new Contacts({ node, swarm, rng, isBanned });
    const held = { cid, store, swarm, contacts, dag, isAside };
    this.#held.set(cid.toString(), held);
    return held;
  }
}
