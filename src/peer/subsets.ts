// Answers for what lies inside the directories of a peer: a file or directory in one is content by
// itself for who asks for its CID. Its swarm begins with the first question, and is made from the
// manifest and the store of the directory; nobody is told of it.
import type { CID } from 'multiformats/cid';
import { isRawCid, rawCid, sha256 } from '../content/cid.ts';
import { EntryIndex } from '../content/entry-index.ts';
import { type Manifest, pieceCid } from '../content/manifest.ts';
import { subsetAt } from '../content/subset.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { Content, Held, OtherContent } from './on-demand.ts';

interface Directory extends Held {
  readonly index: EntryIndex;
}

/** A file or directory in one. */
interface Place {
  readonly directory: Directory;
  readonly found: NonNullable<ReturnType<EntryIndex['find']>>;
}

export class Subsets implements OtherContent {
  /** Each may hold files open. Chosen. */
  readonly mostSwarms = 64;
  #directories: Directory[] = [];
  /** Directories that have not ended, also those that are being indexed. */
  readonly #wanted = new Set<Held>();

  /** Call when the content has its place on the disk; answers begin soon after. */
  add(held: Held): void {
    const { manifest } = held.swarm.store;
    if (manifest.kind === 'file') return;
    this.#wanted.add(held);
    unawaited('indexing a directory', this.#index(held, manifest));
  }

  async #index(held: Held, manifest: Manifest): Promise<void> {
    const index = await EntryIndex.of({ manifest, dag: held.dag.dag });
    if (this.#wanted.has(held)) this.#directories.push({ ...held, index });
  }

  /** Must be called before its store is closed. */
  remove(held: Held): void {
    this.#wanted.delete(held);
    this.#directories = this.#directories.filter(({ swarm }) => swarm !== held.swarm);
  }

  /** Whether the file or directory with that digest is here, or was: then it is said why it is not. */
  has(digest: Uint8Array): boolean {
    return this.#directories.some(({ index }) => index.find(digest) !== undefined);
  }

  find(cid: CID): Content | undefined {
    for (const { directory, found } of this.#placesOf(cid)) {
      const { swarm, dag } = directory;
      const whole = { manifest: swarm.store.manifest, dag: dag.dag };
      const subset = subsetAt(whole, cid, found.path);
      const isRoot = isRawCid(cid) ? isLeaf(subset.manifest) : subset.dag.size > 0;
      const store = isRoot && swarm.store.subset?.(subset.manifest, subset.firstFile);
      if (!store) continue;
      const name = found.path.slice(found.path.lastIndexOf('/') + 1);
      return { store, name, dag: subset.dag, whole: swarm.cid };
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
