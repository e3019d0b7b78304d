// Swarms that begin when somebody asks for them. Content that is at hand, and that this peer tells
// nobody of by itself, costs nothing until then: thousands of files may be.
import type { CID } from 'multiformats/cid';
import { digestKey } from '../content/cid.ts';
import type { PieceStore } from '../content/store.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { type HeldDag, rawRootIn } from './manifest/dag-protocol.ts';

export interface Held {
  readonly swarm: Swarm;
  readonly dag: HeldDag;
}

/** Content that is at hand. */
export interface Content extends Pick<HeldDag, 'name' | 'dag'> {
  readonly store: PieceStore;
  /** The content that it is a part of, if that is what is shared. */
  readonly whole?: CID;
}

/** Port: what a peer answers for beside what it shares and fetches itself. */
export interface OtherContent {
  /** Whether the file or directory with that digest is here, or was: then it is said why it is not. */
  has(digest: Uint8Array): boolean;
  /** Whether it is given to some peers alone; to others it is as if it were not here. */
  isGuarded?(digest: Uint8Array): boolean;
  /** Whether that peer may have it, and learn that it is here; anybody may if left out. */
  opensTo?(digest: Uint8Array, peer: string): boolean;
  /** The content of that CID. Its store is closed when its swarm ends. */
  find(cid: CID): Content | undefined;
  /** Most swarms at once. */
  readonly mostSwarms: number;
}

/** Makes a swarm that answers. */
export type Begin = (cid: CID, store: PieceStore, dag: HeldDag, whole?: CID) => Held;

export class OnDemand {
  readonly #content: Pick<OtherContent, 'find' | 'mostSwarms'>;
  readonly #begin: Begin;
  /** By the digest of the CID; the last asked for is at the end. */
  readonly #held = new Map<string, Held>();

  constructor(content: Pick<OtherContent, 'find' | 'mostSwarms'>, begin: Begin) {
    this.#content = content;
    this.#begin = begin;
  }

  *[Symbol.iterator](): Iterator<Swarm> {
    for (const { swarm } of this.#held.values()) yield swarm;
  }

  /** What answers for that CID; undefined if it is not at hand, or too many have neighbours. */
  get(cid: CID): Held | undefined {
    const key = digestKey(cid.multihash.digest);
    const held = this.#held.get(key) ?? this.#make(cid);
    if (!held) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    return held;
  }

  #make(cid: CID): Held | undefined {
    const found = this.#hasRoom() ? this.#content.find(cid) : undefined;
    if (!found) return undefined;
    const { store, name, dag, whole } = found;
    return this.#begin(cid, store, { name, dag, rawRoot: rawRootIn(store) }, whole);
  }

  /** Ends the swarms that match. */
  async end(matches: (cid: CID) => boolean): Promise<void> {
    for (const [key, { swarm }] of this.#held) {
      if (!matches(swarm.cid)) continue;
      this.#held.delete(key);
      swarm.close();
      await swarm.store.close();
    }
  }

  /** Ends the swarm that was asked for longest ago and has no neighbour, if there are too many. */
  #hasRoom(): boolean {
    if (this.#held.size < this.#content.mostSwarms) return true;
    const idle = [...this.#held].find(([, { swarm }]) => swarm.view.neighbourCount === 0);
    if (!idle) return false;
    const [key, { swarm }] = idle;
    this.#held.delete(key);
    swarm.close();
    unawaited('closing files', swarm.store.close());
    return true;
  }
}
