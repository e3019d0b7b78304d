// The files that a peer takes part in: for each its store, its swarm, whom the swarm
// calls, and what others can ask of it. Those held aside are packed manifests: they
// have the link and the bans in common with the rest, but nobody is told of them.
import type { PeerId } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import type { Callees } from './callees.ts';
import { Contacts } from './contacts.ts';
import type { HeldDag } from './dag-protocol.ts';
import type { Standing } from './files-protocol.ts';
import type { Inquiries } from './inquiries.ts';
import type { Node } from './node.ts';
import { PackedManifests } from './packed-manifests.ts';
import type { Share } from './share.ts';
import { Swarm, type SwarmHooks, type SwarmInit } from './swarm.ts';

/** What all swarms of a peer have in common. */
export interface HoldingsInit
  extends Omit<SwarmInit, Exclude<keyof SwarmHooks, 'onBan'> | 'cid' | 'store'> {
  readonly node: Node;
  readonly callees: Callees;
  readonly inquiries: Inquiries;
  isBanned(peer: string): boolean;
}

interface Held extends Share {
  readonly dag: HeldDag;
  readonly isAside: boolean;
}

const DIGEST_LENGTH = 32;

export class Holdings {
  readonly packed: PackedManifests;
  readonly #init: HoldingsInit;
  /** By the digest of the root CID. */
  readonly #held = new Map<string, Held>();
  /** Lack pieces; those that do no longer are dropped at the next look. */
  readonly #unfinished = new Set<Held>();

  constructor(init: HoldingsInit) {
    this.#init = init;
    this.packed = new PackedManifests(this);
  }

  get(cid: CID): Held | undefined {
    return this.#held.get(keyOf(cid.multihash.digest));
  }

  [Symbol.iterator](): Iterator<Held> {
    return this.#held.values();
  }

  /** @param file a CID's bytes as a stranger sent them */
  swarmOf(file: Uint8Array): Swarm | undefined {
    const held = this.#held.get(keyOf(file.subarray(-DIGEST_LENGTH)));
    return held && Buffer.compare(held.cid.bytes, file) === 0 ? held.swarm : undefined;
  }

  standingOf(digest: Uint8Array): Standing {
    const held = this.#held.get(keyOf(digest));
    if (!held) return 'none';
    return held.swarm.session.isComplete ? 'whole' : 'part';
  }

  /** Whoever is connected may have what is being fetched: asking costs little. */
  offerContact(peer: PeerId): void {
    for (const held of this.#unfinished) {
      if (held.swarm.session.isComplete) this.#unfinished.delete(held);
      else held.contacts.guess(peer);
    }
  }

  /** Takes part in a file's swarm with what the store holds. */
  hold(cid: CID, store: PieceStore, dag: HeldDag, hooks: Partial<SwarmHooks> = {}): Share {
    const packed = (): Promise<CID | undefined> => this.packed.offer(store.manifest, dag);
    const share = this.#add(cid, store, { ...dag, packed }, hooks, false);
    if (!share.swarm.session.isComplete) {
      this.#unfinished.add(share);
      for (const peer of this.#init.node.getPeers()) share.contacts.guess(peer);
    }
    return share;
  }

  holdAside(store: PieceStore, dag: HeldDag, hooks: Partial<SwarmHooks> = {}): Share {
    return this.#add(store.manifest.root, store, dag, hooks, true);
  }

  /** Ends what was held aside. */
  release(share: Share): void {
    const key = keyOf(share.cid.multihash.digest);
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
    const { emit } = this.#init;
    const swarm = new Swarm({
      ...this.#init,
      cid,
      store,
      emit: isAside ? () => {} : emit,
      onPeersLearned: (addresses, teller) => contacts.hear(addresses, teller),
      vouchFor: (addresses, neighbour): string[] => contacts.vouchFor(addresses, neighbour),
      onMet: (peer) => contacts.handleMet(peer),
      onLeft: (peer, refused) => contacts.lost(peer, refused),
      onPieceStored: (piece) => hooks.onPieceStored?.(piece),
      onCompleted: () => hooks.onCompleted?.(),
      onFailed: (error) => hooks.onFailed?.(error),
    });
    const { digest } = cid.multihash;
    const contacts = new Contacts({ ...this.#init, swarm, digest });
    const held = { cid, store, swarm, contacts, dag, isAside };
    this.#held.set(keyOf(digest), held);
    return held;
  }
}

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('latin1');
