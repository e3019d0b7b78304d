// The files that a peer takes part in: the swarm of each, and the answers to questions of others.
// Packed manifests are held aside: they share the link and the bans with the others, but no peer is
// told of them.
import type { CID } from 'multiformats/cid';
import { readCid } from '../content/cid.ts';
import type { PieceStore } from '../content/store.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Standing } from '../swarm/network.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { SwarmHooks, SwarmHost } from '../swarm/swarm-host.ts';
import type { HeldDag } from './manifest/dag-protocol.ts';
import { PackedManifests } from './manifest/packed-manifests.ts';
import { type Held, OnDemand, type OtherContent } from './on-demand.ts';
import { Subsets } from './subsets.ts';

const DIGEST_LENGTH = 32;

export interface HoldingsHost extends SwarmHost {
  /** What this peer answers for without having been told to share it. */
  readonly other?: OtherContent | undefined;
}

export class Holdings {
  readonly clock: Timers;
  readonly packed: PackedManifests;
  readonly #host: SwarmHost;
  /** Files by the digest of the root CID. */
  readonly #held = new Map<string, Held>();
  readonly #subsets = new Subsets();
  /** What this peer answers for beside the files above, and the swarms of what was asked for. */
  readonly #others: readonly { readonly content: OtherContent; readonly swarms: OnDemand }[];
  /** Swarms that lack pieces; complete ones are removed at the next look. */
  readonly #unfinished = new Set<Swarm>();

  constructor(host: HoldingsHost) {
    this.#host = host;
    this.clock = host.clock;
    this.packed = new PackedManifests(this);
    this.#others = [this.#subsets, ...(host.other ? [host.other] : [])].map((content) => ({
      content,
      swarms: new OnDemand(content, (cid, store, dag, whole) =>
        this.#make(cid, store, dag, {}, whole),
      ),
    }));
  }

  /** What is held under this CID itself. */
  get(cid: CID): Held | undefined {
    return this.#held.get(keyOf(cid.multihash.digest));
  }

  *[Symbol.iterator](): Iterator<Swarm> {
    for (const { swarm } of this.#held.values()) yield swarm;
    for (const { swarms } of this.#others) yield* swarms;
  }

  /** What answers for this CID: it may lie inside a directory that is held. */
  answering(cid: CID): Held | undefined {
    const held = this.get(cid) ?? this.#onDemand(cid);
    held?.swarm.losses.seekSoon();
    return held;
  }

  #onDemand(cid: CID): Held | undefined {
    for (const { content, swarms } of this.#others) {
      // A swarm may go on that began before its content was gone: it tells its neighbours why.
      const held = content.has(cid.multihash.digest) ? swarms.get(cid) : undefined;
      if (held) return held;
    }
    return undefined;
  }

  /** Answers from now on for what lies inside, if it is a directory. Its content has its place. */
  offerSubsets(cid: CID): void {
    const held = this.get(cid);
    if (held) this.#subsets.add(held);
  }

  /** Whether that peer may have what has the digest, and learn that it is here. */
  opensTo(digest: Uint8Array, peer: string): boolean {
    return this.#others.every(({ content }) => content.opensTo?.(digest, peer) ?? true);
  }

  /** @param file a CID's bytes as the caller, a stranger, sent them */
  swarmOf(file: Uint8Array, caller: string): Swarm | undefined {
    const digest = file.subarray(-DIGEST_LENGTH);
    if (!this.opensTo(digest, caller)) return undefined;
    const cid = this.#isElsewhere(digest) ? readCid(file) : undefined;
    const { swarm } = this.#held.get(keyOf(digest)) ?? (cid && this.#onDemand(cid)) ?? {};
    return swarm && Buffer.compare(swarm.cid.bytes, file) === 0 ? swarm : undefined;
  }

  standingOf(digest: Uint8Array): Standing {
    const held = this.#held.get(keyOf(digest));
    if (!held) return this.#isElsewhere(digest) ? 'whole' : 'none';
    return held.swarm.view.isComplete ? 'whole' : 'part';
  }

  #isElsewhere(digest: Uint8Array): boolean {
    return this.#others.some(({ content }) => content.has(digest));
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
    const { swarm } = this.#add(this.#make(cid, store, dag, hooks));
    if (!swarm.view.isComplete) {
      this.#unfinished.add(swarm);
      for (const peer of this.#host.network.connected()) swarm.contacts.guess(peer);
    }
    return swarm;
  }

  holdAside(store: PieceStore, dag: HeldDag, hooks: SwarmHooks = {}): Swarm {
    const cid = store.manifest.root;
    const swarm = new Swarm({ ...this.#host, cid, store, hooks, emit: () => {} });
    return this.#add({ swarm, dag }).swarm;
  }

  /** Ends a swarm that was held aside. */
  release(swarm: Swarm): void {
    const key = keyOf(swarm.cid.multihash.digest);
    if (this.#held.get(key)?.swarm === swarm) this.#held.delete(key);
    swarm.close();
  }

  /** Answers for this content no more, nor for what lies inside. */
  async end(cid: CID): Promise<void> {
    const held = this.get(cid);
    if (held) {
      this.#held.delete(keyOf(cid.multihash.digest));
      this.#unfinished.delete(held.swarm);
      this.#subsets.remove(held);
      held.swarm.close();
    }
    for (const { content, swarms } of this.#others) {
      // Parts of a directory read by its store; another that has them answers at the next question.
      await swarms.end((other) =>
        content === this.#subsets ? held !== undefined : other.equals(cid),
      );
    }
    await held?.swarm.store.close();
  }

  /** Ends all swarms. */
  endSwarms(): void {
    for (const swarm of this) swarm.close();
  }

  async closeStores(): Promise<void> {
    for (const { store } of this) await store.close();
  }

  #make(cid: CID, store: PieceStore, dag: HeldDag, hooks: SwarmHooks, whole?: CID): Held {
    const { digest } = cid.multihash;
    const isBanned = (peer: string): boolean =>
      this.#host.isBanned(peer) || !this.opensTo(digest, peer);
    const swarm = new Swarm({ ...this.#host, isBanned, cid, name: dag.name, store, hooks, whole });
    // A packed form is a file of its own, which anybody may have.
    const isGuarded = this.#others.some(({ content }) => content.isGuarded?.(digest));
    if (isGuarded) return { swarm, dag };
    const packed = (): Promise<CID | undefined> => this.packed.offer(store.manifest, dag);
    return { swarm, dag: { ...dag, packed } };
  }

  #add(held: Held): Held {
    this.#held.set(keyOf(held.swarm.cid.multihash.digest), held);
    return held;
  }
}

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('latin1');
