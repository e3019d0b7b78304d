// Finds the file or directory inside a directory that has a digest as its CID's. It is made by the
// walk of resolve.ts, so that positions in the manifest and in the walk are the same.
import type { CID } from 'multiformats/cid';
import { platform } from '#platform';
import { invariant } from '../runtime/invariant.ts';
import { digestKey, isRawCid } from './cid.ts';
import { type DirectoryNode, decodeNode, entryName } from './dag-node.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import type { Resolved } from './resolve.ts';

/** Entries after which other work gets a turn: some milliseconds. Chosen. */
const ENTRIES_PER_TURN = 512;

export class EntryIndex {
  readonly #manifest: Manifest;
  readonly #dag: Resolved['dag'];
  /** Positions by digest: index of a file, or -1 less the index of a directory. */
  readonly #positions = new Map<string, number>();
  #files = 0;
  #directories = 0;
  #entries = 0;

  /** @param content a directory */
  static async of(content: Resolved): Promise<EntryIndex> {
    const index = new EntryIndex(content);
    await index.#walk(index.#node(content.manifest.root) as DirectoryNode);
    return index;
  }

  private constructor({ manifest, dag }: Resolved) {
    this.#manifest = manifest;
    this.#dag = dag;
  }

  /** The first entry whose CID has the digest; a directory has no `file`. */
  find(digest: Uint8Array): { path: string; file?: ManifestFile } | undefined {
    const position = this.#positions.get(digestKey(digest));
    if (position === undefined) return undefined;
    if (position < 0) return { path: this.#manifest.directories[-1 - position]! };
    const file = this.#manifest.files[position]!;
    return { path: file.path, file };
  }

  async #walk(directory: DirectoryNode): Promise<void> {
    for (const link of directory.links) {
      if (++this.#entries % ENTRIES_PER_TURN === 0) await nextTurn();
      if (entryName(directory, link) !== undefined) await this.#entry(link.cid);
      else await this.#walk(this.#node(link.cid) as DirectoryNode);
    }
  }

  async #entry(cid: CID): Promise<void> {
    const node = isRawCid(cid) ? undefined : this.#node(cid);
    if (node?.kind === 'link') return;
    if (!node || node.kind === 'file') return this.#note(cid, this.#files++);
    this.#note(cid, -1 - this.#directories++);
    await this.#walk(node);
  }

  #note({ multihash: { digest } }: CID, position: number): void {
    const key = digestKey(digest);
    if (!this.#positions.has(key)) this.#positions.set(key, position);
  }

  #node(cid: CID) {
    const block = this.#dag.get(cid.toString());
    invariant(block, `${cid} is not part of the DAG`);
    return decodeNode(cid, block);
  }
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => platform.soon('indexing a directory', resolve));
