// From a root CID to a manifest, by walking a DAG that nobody vouches for. Every
// inner block is hashed before it is parsed; lengths must add up; names must be
// safe to join to a directory. What can be asked of this process is bounded: the
// number of pieces and of entries, the depth, and the bytes decoded (a node that
// is linked twice counts twice), so a small DAG that unfolds into a huge one ends
// as ERR_MANIFEST. Leaves are not fetched: a leaf that does not have the length
// its parent claims never verifies.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import { HubswarmError } from '../runtime/errors.ts';
import { isRawCid, isSupportedCid, matchesCid } from './cid.ts';
import {
  type DagNode,
  type DirectoryNode,
  decodeNode,
  type FileNode,
  manifestError,
} from './dag-node.ts';
import { checkName, MAX_PATH_BYTES } from './file-name.ts';
import { Geometry, MAX_PIECE_LENGTH, MAX_PIECES } from './geometry.ts';
import { DIGEST_LENGTH, type Manifest, type ManifestFile } from './manifest.ts';

export type GetBlock = (cid: CID) => Promise<Uint8Array>;

export interface ResolveOptions {
  readonly signal?: AbortSignal;
  readonly maxPieces?: number;
  readonly maxBlockBytes?: number;
}

export interface Resolved {
  readonly manifest: Manifest;
  /** The inner blocks by CID, depth first from the root; empty when the root is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
}

/** Files, directories and inner nodes together; chosen: bounds the CPU at some 2 s (measured). */
export const MAX_NODES = 2 ** 18;
/** Chosen: 2^20 pieces take 48 MiB of links in files, names of 100 bytes as much again. */
const MAX_DAG_BYTES = 256 * 2 ** 20;
/** Chosen: PATH_MAX allows 2048 directories, file systems in use stay far below. */
const MAX_DEPTH = 128;
/** Blocks at hand never wait for I/O: after that many, others get a turn. Chosen. */
const NODES_PER_TURN = 64;
/** Chosen: hides the round trip of inner blocks without asking a lot of one source. */
const LOOK_AHEAD = 8;

/**
 * @param getBlock is asked for inner blocks, up to 8 at once, and for the root.
 * @throws HubswarmError ERR_HASH_MISMATCH, ERR_MANIFEST; and what getBlock throws
 */
export async function resolveManifest(
  root: CID,
  getBlock: GetBlock,
  options: ResolveOptions = {},
): Promise<Resolved> {
  const walk = new Walk(getBlock, options);
  const kind = await walk.root(root);
  return { manifest: walk.manifest(root, kind), dag: walk.dag };
}

class Walk {
  readonly dag = new Map<string, Uint8Array>();
  readonly #getBlock: GetBlock;
  readonly #signal: AbortSignal | undefined;
  readonly #maxPieces: number;
  readonly #maxBlockBytes: number;
  /** As `dag`, by a key that is cheap to make. */
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #ahead = new Map<string, Promise<Uint8Array>>();
  readonly #files: ManifestFile[] = [];
  readonly #directories: string[] = [];
  readonly #lengths: number[] = [];
  #digests: Uint8Array = new Uint8Array(64 * DIGEST_LENGTH);
  #nodes = 0;
  #decodedBytes = 0;

  constructor(getBlock: GetBlock, options: ResolveOptions) {
    this.#getBlock = getBlock;
    this.#signal = options.signal;
    this.#maxPieces = options.maxPieces ?? MAX_PIECES;
    this.#maxBlockBytes = options.maxBlockBytes ?? MAX_PIECE_LENGTH;
  }

  manifest(root: CID, kind: Manifest['kind']): Manifest {
    return {
      root,
      kind,
      files: this.#files,
      directories: this.#directories,
      geometry: new Geometry(this.#lengths),
      digests: this.#digests.slice(0, this.#lengths.length * DIGEST_LENGTH),
    };
  }

  async root(root: CID): Promise<Manifest['kind']> {
    if (!isSupportedCid(root)) throw manifestError(root, 'is not of a kind handled');
    if (isRawCid(root)) {
      const leaf = await this.#fetch(root);
      this.#rawFile(root, '', leaf.length);
      return 'file';
    }
    const node = await this.#node(root, 0);
    if (node.kind === 'file') {
      await this.#file(root, node, '');
      return 'file';
    }
    await this.#entries(node, { path: '', names: new Set(), depth: 0 });
    return 'directory';
  }

  /** Links of a directory, or of one shard of it: `names` is shared by all shards. */
  async #entries(node: DirectoryNode, at: { path: string; names: Set<string>; depth: number }) {
    const toCome = node.links.values();
    for (const link of node.links) {
      this.#lookAhead(toCome);
      const name = link.name.slice(node.prefixLength);
      if (node.kind === 'shard' && name === '' && link.name.length === node.prefixLength) {
        const shard = await this.#node(link.cid, at.depth + 1);
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
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
      throw manifestError(link.cid, `has a path of more than ${MAX_PATH_BYTES} bytes`);
    }
    if (isSupportedCid(link.cid) && isRawCid(link.cid)) {
      this.#rawFile(link.cid, path, link.tsize);
      return;
    }
    const node = await this.#node(link.cid, depth);
    if (node.kind === 'file') return this.#file(link.cid, node, path);
    this.#directories.push(path);
    await this.#entries(node, { path, names: new Set(), depth });
  }

  #rawFile(cid: CID, path: string, length: number): void {
    this.#count(cid);
    const firstPiece = this.#lengths.length;
    if (length > 0) this.#leaf(cid, length);
    else if (!matchesCid(cid, new Uint8Array()))
      throw manifestError(cid, 'is not empty, as claimed');
    this.#files.push({ path, length, firstPiece, pieceCount: length > 0 ? 1 : 0 });
  }

  async #file(cid: CID, node: FileNode, path: string): Promise<void> {
    const firstPiece = this.#lengths.length;
    await this.#fileChildren(node, 0);
    const pieceCount = this.#lengths.length - firstPiece;
    this.#files.push({ path, length: node.length, firstPiece, pieceCount });
    if (node.length === 0 && pieceCount > 0) throw manifestError(cid, 'has leaves but no bytes');
  }

  async #fileChildren(node: FileNode, depth: number): Promise<void> {
    const toCome = node.children.values();
    for (const child of node.children) {
      this.#lookAhead(toCome);
      if (isSupportedCid(child.cid) && isRawCid(child.cid)) {
        this.#leaf(child.cid, child.length);
        continue;
      }
      const below = await this.#node(child.cid, depth + 1);
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

  /** Fetches, hashes, then decodes an inner block. */
  async #node(cid: CID, depth: number): Promise<DagNode> {
    if (!isSupportedCid(cid)) throw manifestError(cid, 'is not of a kind handled');
    if (isRawCid(cid)) throw manifestError(cid, 'is a leaf where an inner node must be');
    if (depth > MAX_DEPTH) throw manifestError(cid, `is more than ${MAX_DEPTH} levels deep`);
    this.#count(cid);
    if (this.#nodes % NODES_PER_TURN === 0) await nextTurn();
    const key = blockKey(cid);
    const known = this.#blocks.get(key);
    const block = known ?? (await this.#fetch(cid));
    this.#decodedBytes += block.length;
    if (this.#decodedBytes > MAX_DAG_BYTES) {
      throw manifestError(cid, `is past the limit of ${MAX_DAG_BYTES} bytes of inner nodes`);
    }
    if (!known) {
      this.#blocks.set(key, block);
      this.dag.set(cid.toString(), block);
    }
    return decodeNode(cid, block);
  }

  #count(cid: CID): void {
    if (++this.#nodes > MAX_NODES)
      throw manifestError(cid, `is past the limit of ${MAX_NODES} nodes`);
  }

  async #fetch(cid: CID): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    const key = blockKey(cid);
    const pending = this.#ahead.get(key) ?? this.#getBlock(cid);
    const block = await pending.finally(() => this.#ahead.delete(key));
    this.#signal?.throwIfAborted();
    if (block.length > this.#maxBlockBytes) {
      throw manifestError(
        cid,
        `came as ${block.length} bytes; accepted are ${this.#maxBlockBytes}`,
      );
    }
    if (!matchesCid(cid, block)) {
      throw new HubswarmError('ERR_HASH_MISMATCH', `${cid}: the block that came has another hash`);
    }
    return block;
  }

  /** Asks for the next inner blocks of a node while its earlier ones are walked. */
  #lookAhead(toCome: Iterator<{ readonly cid: CID }>): void {
    while (this.#ahead.size < LOOK_AHEAD) {
      const next = toCome.next();
      if (next.done) return;
      const { cid } = next.value;
      if (!isSupportedCid(cid) || isRawCid(cid)) continue;
      const key = blockKey(cid);
      if (this.#blocks.has(key) || this.#ahead.has(key)) continue;
      const block = this.#getBlock(cid);
      // Awaited when its turn comes, or never when the walk fails before.
      block.catch(() => undefined);
      this.#ahead.set(key, block);
    }
  }
}

/** Not the CID's base32 form: with it 10^6 links took 5.8 s instead of 1.3 s (measured). */
function blockKey({ version, multihash: { digest } }: CID): string {
  return version + Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1');
}
