// The files that a peer takes part in: the swarm of each, and the answers to questions of others.
// Packed manifests are held aside: they share the link and the bans with the others, but no peer is
// told of them.
import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Standing } from '../swarm/network.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { SwarmHooks, SwarmHost } from '../swarm/swarm-host.ts';
import type { HeldDag } from './manifest/dag-protocol.ts';
import { PackedManifests } from './manifest/packed-manifests.ts';

interface Held {
  readonly swarm: Swarm;
  readonly dag: HeldDag;
}

const DIGEST_LENGTH = 32;

export class Holdings {
  readonly clock: Timers;
  readonly packed: PackedManifests;
  readonly #host: SwarmHost;
  /** Files by the digest of the root CID. */
  readonly #held = new Map<string, Held>();
  /** Swarms that lack pieces; complete ones are removed at the next look. */
  readonly #unfinished = new Set<Swarm>();

  constructor(host: SwarmHost) {
    this.#host = host;
    this.clock = host.clock;
    this.packed = new PackedManifests(this);
  }

  get(cid: CID): Held | undefined {
    return this.#held.get(keyOf(cid.multihash.digest));
  }

  *[Symbol.iterator](): Iterator<Swarm> {
    for (const { swarm } of this.#held.values()) yield swarm;
  }

  /** @param file a CID's bytes as a stranger sent them */
  swarmOf(file: Uint8Array): Swarm | undefined {
    const swarm = this.#held.get(keyOf(file.subarray(-DIGEST_LENGTH)))?.swarm;
    return swarm && Buffer.compare(swarm.cid.bytes, file) === 0 ? swarm : undefined;
  }

  standingOf(digest: Uint8Array): Standing {
    const held = this.#held.get(keyOf(digest));
    if (!held) return 'none';
    return held.swarm.view.isComplete ? 'whole' : 'part';
  }

  /** Offers a connected peer to all downloads: it may have the file, and asking costs little. */
  offerContact(peer: string): void {
    for (const swarm of this.#unfinished) {
      if (swarm.view.isComplete) this.#unfinished.delete(swarm);
      else swarm.contacts.guess(peer);
    }
  }

  /** Takes part in a file's swarm with what the store holds. */
  hold(cid: CID, store: PieceStore, dag: HeldDag, hooks: SwarmHooks = {}): Swarm {
    const packed = (): Promise<CID | undefined> => this.packed.offer(store.manifest, dag);
    const swarm = this.#add(new Swarm({ ...this.#host, cid, store, hooks }), { ...dag, packed });
    if (!swarm.view.isComplete) {
      this.#unfinished.add(swarm);
      for (const peer of this.#host.network.connected()) swarm.contacts.guess(peer);
    }
    return swarm;
  }

  holdAside(store: PieceStore, dag: HeldDag, hooks: SwarmHooks = {}): Swarm {
    const cid = store.manifest.root;
    return this.#add(new Swarm({ ...this.#host, cid, store, hooks, emit: () => {} }), dag);
  }

  /** Ends a swarm that was held aside. */
  release(swarm: Swarm): void {
    const key = keyOf(swarm.cid.multihash.digest);
    if (this.#held.get(key)?.swarm === swarm) this.#held.delete(key);
    swarm.close();
  }

  /** Ends all swarms. */
  endSwarms(): void {
    for (const swarm of this) swarm.close();
  }

  async closeStores(): Promise<void> {
    for (const { store } of this) await store.close();
  }

  #add(swarm: Swarm, dag: HeldDag): Swarm {
    this.#held.set(keyOf(swarm.cid.multihash.digest), { swarm, dag });
    return swarm;
  }
}

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('latin1');
