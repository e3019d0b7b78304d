// Answers for what lies inside the directories of a peer: a file or directory in one is content by
// itself for who asks for its CID. Its swarm begins with the first question, and is made from the
// manifest and the store of the directory; nobody is told of it.
import type { CID } from 'multiformats/cid';
import { digestKey, isRawCid, rawCid, sha256 } from '../content/cid.ts';
import { EntryIndex } from '../content/entry-index.ts';
import { type Manifest, pieceCid } from '../content/manifest.ts';
import type { PieceStore } from '../content/store.ts';
import { subsetAt } from '../content/subset.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { type HeldDag, rawRootIn } from './manifest/dag-protocol.ts';

export interface Held {
  readonly swarm: Swarm;
  readonly dag: HeldDag;
}

interface Directory extends Held {
  readonly index: EntryIndex;
}

/** A file or directory in one. */
interface Place {
  readonly directory: Directory;
  readonly found: NonNullable<ReturnType<EntryIndex['find']>>;
}

/** Most subsets served at once: each may hold files open. Chosen. */
const MOST_SUBSETS = 64;

/** Makes a swarm that answers. */
type Begin = (cid: CID, store: PieceStore, dag: HeldDag) => Held;

export class Subsets {
  readonly #begin: Begin;
  readonly #directories: Directory[] = [];
  /** By the digest of the CID; the last asked for is at the end. */
  readonly #held = new Map<string, Held>();

  constructor(begin: Begin) {
    this.#begin = begin;
  }

  *[Symbol.iterator](): Iterator<Swarm> {
    for (const { swarm } of this.#held.values()) yield swarm;
  }

  /** Call when the content has its place on the disk; answers begin soon after. */
  add(held: Held): void {
    const { manifest } = held.swarm.store;
    if (manifest.kind === 'file') return;
    const indexed = EntryIndex.of({ manifest, dag: held.dag.dag }).then((index) =>
      this.#directories.push({ ...held, index }),
    );
    unawaited('indexing a directory', indexed);
  }

  /** Whether the file or directory with that digest is here, or was: then it is said why it is not. */
  has(digest: Uint8Array): boolean {
    return this.#directories.some(({ index }) => index.find(digest) !== undefined);
  }

  /** The subset with that CID; undefined if there is none, or too many have neighbours. */
  get(cid: CID): Held | undefined {
    const key = digestKey(cid.multihash.digest);
    const held = this.#held.get(key) ?? this.#make(cid);
    if (!held) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    return held;
  }

  #make(cid: CID): Held | undefined {
    for (const { directory, found } of this.#placesOf(cid)) {
      const { swarm, dag } = directory;
      const whole = { manifest: swarm.store.manifest, dag: dag.dag };
      const subset = subsetAt(whole, cid, found.path);
      const isRoot = isRawCid(cid) ? isLeaf(subset.manifest) : subset.dag.size > 0;
      const store = isRoot && swarm.store.subset?.(subset.manifest, subset.firstFile);
      if (!store || !this.#makeRoom()) continue;
      const name = found.path.slice(found.path.lastIndexOf('/') + 1);
      return this.#begin(cid, store, { name, dag: subset.dag, rawRoot: rawRootIn(store) });
    }
    return undefined;
  }

  /** Where it lies; directories that have lost it come last. */
  #placesOf({ multihash: { digest } }: CID): Place[] {
    const places = this.#directories.flatMap((directory) => {
      const found = directory.index.find(digest);
      return found ? [{ directory, found }] : [];
    });
    return [...places.filter(isHere), ...places.filter((place) => !isHere(place))];
  }

  /** Ends the subset that was asked for longest ago and has no neighbour. */
  #makeRoom(): boolean {
    if (this.#held.size < MOST_SUBSETS) return true;
    for (const [key, { swarm }] of this.#held) {
      if (swarm.view.neighbourCount > 0) continue;
      this.#held.delete(key);
      swarm.close();
      unawaited('closing files', swarm.store.close());
      return true;
    }
    return false;
  }
}

function isHere({ directory, found: { file } }: Place): boolean {
  const { have } = directory.swarm.store;
  return file ? file.pieceCount === 0 || have.has(file.firstPiece) : have.isFull;
}

/** Whether the root is its only leaf: another block may have a raw CID's digest. */
function isLeaf(manifest: Manifest): boolean {
  const { pieceCount } = manifest.geometry;
  const leaf = pieceCount === 0 ? rawCid(sha256(new Uint8Array())) : pieceCid(manifest, 0);
  return manifest.kind === 'file' && pieceCount < 2 && leaf.equals(manifest.root);
}
