// Makes a manifest from a root CID, by walking an untrusted DAG: lengths must add up, names must be
// safe to join to a directory, pieces are counted. node-reader.ts fetches blocks and bounds their
// cost; dag-node.ts checks each single block. Leaves are not fetched: a leaf without the length
// that its parent claims never verifies as a piece.
import type { CID } from 'multiformats/cid';
import type { FileAttributes } from './attributes.ts';
import { isRawCid, isSupportedCid, matchesCid } from './cid.ts';
import { type DirectoryNode, entryName, type FileNode, manifestError } from './dag-node.ts';
import { checkName, isLonger, MAX_PATH_BYTES, MAX_PATH_UNITS } from './file-name.ts';
import { Geometry, MAX_PIECE_LENGTH, MAX_PIECES } from './geometry.ts';
import { staysInside } from './link-target.ts';
import { DIGEST_LENGTH, type Manifest, type ManifestFile, type ManifestLink } from './manifest.ts';
import { type GetBlock, NodeReader } from './node-reader.ts';

export interface ResolveOptions {
  readonly signal?: AbortSignal;
  readonly maxPieces?: number;
  readonly maxBlockBytes?: number;
  /**
   * Whether to ask for one block at a time, depth first from the root, each once, and none ahead.
   */
  readonly inOrder?: boolean;
  /** Whether a directory is refused: then nothing below its root is asked for. */
  readonly fileOnly?: boolean;
}

export interface Resolved {
  readonly manifest: Manifest;
  /** The inner blocks by CID, depth first from the root; empty when the root is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
}

/**
 * @param getBlock is asked for inner blocks, up to 8 at once, and for the root
 * @throws HubswarmError ERR_HASH_MISMATCH, ERR_MANIFEST; what getBlock throws
 */
export async function resolveManifest(
  root: CID,
  getBlock: GetBlock,
  options: ResolveOptions = {},
): Promise<Resolved> {
  const nodes = new NodeReader(getBlock, options);
  const walk = new Walk(nodes, options);
  const kind = await walk.root(root);
  return { manifest: walk.manifest(root, kind), dag: nodes.dag };
}

class Walk {
  readonly #nodes: NodeReader;
  readonly #maxPieces: number;
  readonly #fileOnly: boolean;
  readonly #files: ManifestFile[] = [];
  readonly #directories: string[] = [];
  readonly #directoryAttributes = new Map<string, FileAttributes>();
  readonly #links: ManifestLink[] = [];
  readonly #lengths: number[] = [];
  #pathUnits = 0;
  #digests: Uint8Array = new Uint8Array(64 * DIGEST_LENGTH);

  constructor(nodes: NodeReader, { maxPieces = MAX_PIECES, fileOnly = false }: ResolveOptions) {
    this.#nodes = nodes;
    this.#maxPieces = maxPieces;
    this.#fileOnly = fileOnly;
  }

  manifest(root: CID, kind: Manifest['kind']): Manifest {
    return {
      root,
      kind,
      files: this.#files,
      directories: this.#directories,
      ...(this.#directoryAttributes.size > 0
        ? { directoryAttributes: this.#directoryAttributes }
        : {}),
      ...(this.#links.length > 0 ? { links: this.#links } : {}),
      geometry: new Geometry(this.#lengths),
      digests: this.#digests.slice(0, this.#lengths.length * DIGEST_LENGTH),
    };
  }

  async root(root: CID): Promise<Manifest['kind']> {
    if (!isSupportedCid(root)) throw manifestError(root, 'is not of a kind handled');
    if (isRawCid(root)) {
      const leaf = await this.#nodes.fetch(root);
      this.#rawFile(root, '', leaf.length);
      return 'file';
    }
    const node = await this.#nodes.read(root, 0);
    if (node.kind === 'file') {
      await this.#file(node, '');
      return 'file';
    }
    if (node.kind === 'link')
      throw manifestError(root, 'is a UnixFS symlink; only files and directories can be fetched');
    if (this.#fileOnly) throw manifestError(root, "is a directory; give a file's CID");
    await this.#directory(node, '', 0);
    return 'directory';
  }

  /** Walks the links of a directory, or of one of its shards; all shards share `names`. */
  async #entries(node: DirectoryNode, at: { path: string; names: Set<string>; depth: number }) {
    const toCome = node.links.values();
    for (const link of node.links) {
      this.#nodes.lookAhead(toCome);
      const name = entryName(node, link);
      if (name === undefined) {
        const shard = await this.#nodes.read(link.cid, at.depth + 1);
        if (shard.kind !== 'shard') throw manifestError(link.cid, 'is not a directory shard');
        await this.#entries(shard, { ...at, depth: at.depth + 1 });
        continue;
      }
      checkName(link.cid, name, at.names);
      at.names.add(name);
      await this.#entry(link, at.path === '' ? name : `${at.path}/${name}`, at.depth + 1);
    }
  }

  async #entry(link: DirectoryNode['links'][number], path: string, depth: number) {
    if (isLonger(path, MAX_PATH_BYTES)) {
      throw manifestError(link.cid, `has a path of more than ${MAX_PATH_BYTES} bytes`);
    }
    this.#countUnits(link.cid, path);
    if (isRawCid(link.cid)) {
      this.#rawFile(link.cid, path, link.tsize);
      return;
    }
    const node = await this.#nodes.read(link.cid, depth);
    if (node.kind === 'file') return this.#file(node, path);
    if (node.kind === 'link') return this.#link(link.cid, node.target, path);
    this.#directories.push(path);
    await this.#directory(node, path, depth);
  }

  async #directory(node: DirectoryNode, path: string, depth: number): Promise<void> {
    if (node.attributes) this.#directoryAttributes.set(path, node.attributes);
    await this.#entries(node, { path, names: new Set(), depth });
  }

  /** Counts a text that is kept: paths, and where links lead. */
  #countUnits(cid: CID, text: string): void {
    this.#pathUnits += text.length;
    if (this.#pathUnits <= MAX_PATH_UNITS) return;
    throw manifestError(cid, `is past the limit of ${MAX_PATH_UNITS} characters in paths`);
  }

  #link(cid: CID, target: string, path: string): void {
    if (!staysInside(path, target)) {
      throw manifestError(cid, 'is a UnixFS symlink that leads out of its directory');
    }
    this.#countUnits(cid, target);
    this.#links.push({ path, target });
  }

  #rawFile(cid: CID, path: string, length: number): void {
    this.#nodes.count(cid);
    const firstPiece = this.#lengths.length;
    if (length > 0) this.#leaf(cid, length);
    else if (!matchesCid(cid, new Uint8Array()))
      throw manifestError(cid, 'is not empty, as claimed');
    this.#files.push({ path, length, firstPiece, pieceCount: length > 0 ? 1 : 0 });
  }

  async #file(node: FileNode, path: string): Promise<void> {
    const firstPiece = this.#lengths.length;
    await this.#fileChildren(node, 0);
    const pieceCount = this.#lengths.length - firstPiece;
    const { length, attributes } = node;
    const said = attributes === undefined ? {} : { attributes };
    this.#files.push({ path, length, firstPiece, pieceCount, ...said });
  }

  async #fileChildren(node: FileNode, depth: number): Promise<void> {
    const toCome = node.children.values();
    for (const child of node.children) {
      this.#nodes.lookAhead(toCome);
      if (isRawCid(child.cid)) {
        this.#leaf(child.cid, child.length);
        continue;
      }
      const below = await this.#nodes.read(child.cid, depth + 1);
      if (below.kind !== 'file' || below.length !== child.length) {
        throw manifestError(
          child.cid,
          `is not the part of ${child.length} bytes its parent claims`,
        );
      }
      await this.#fileChildren(below, depth + 1);
    }
  }

  #leaf(cid: CID, length: number): void {
    const piece = this.#lengths.length;
    if (length < 1 || length > MAX_PIECE_LENGTH) {
      throw manifestError(
        cid,
        `is a leaf of ${length} bytes; accepted are 1 to ${MAX_PIECE_LENGTH}`,
      );
    }
    if (piece >= this.#maxPieces) {
      throw manifestError(cid, `is past the limit of ${this.#maxPieces} pieces`);
    }
    if ((piece + 1) * DIGEST_LENGTH > this.#digests.length) {
      const grown = new Uint8Array(this.#digests.length * 2);
      grown.set(this.#digests);
      this.#digests = grown;
    }
    this.#digests.set(cid.multihash.digest, piece * DIGEST_LENGTH);
    this.#lengths.push(length);
  }
}
