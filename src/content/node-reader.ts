// Reads the inner blocks of a DAG from a remote: hashes them before they are parsed, fetches a few
// ahead of the walk, and bounds their number, depth and bytes. A node that is linked twice is
// fetched once but counts twice, so a small DAG that unfolds into a huge one is an error, too.

import type { CID } from 'multiformats/cid';
import { platform } from '#platform';
import { abortable } from '../runtime/abortable.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { digestKey, isRawCid, isSupportedCid, matchesCid } from './cid.ts';
import { type DagNode, decodeNode, manifestError } from './dag-node.ts';
import { MAX_PIECE_LENGTH, MAX_PIECES } from './geometry.ts';

export type GetBlock = (cid: CID) => Promise<Uint8Array>;

/**
 * Most files, directories and inner nodes together. Chosen: so many cost 1.2 s of CPU (measured).
 */
export const MAX_NODES = 2 ** 18;
/**
 * Most bytes of inner blocks. Chosen: 2^20 pieces take 48 MiB of links in files, names of 100 bytes
 * as much again.
 */
const MAX_DAG_BYTES = 256 * 2 ** 20;
/** Deepest directory. Chosen: PATH_MAX allows 2048, file systems in use stay far below. */
const MAX_DEPTH = 128;
/** Blocks in memory never wait for I/O: after so many, other work gets a turn. Chosen. */
const NODES_PER_TURN = 64;
/** The same for long blocks: decoding so many bytes takes some 10 ms. Chosen. */
const BYTES_PER_TURN = 2 ** 19;
/** Inner blocks asked for ahead. Chosen: hides the round trip without asking much of one source. */
const LOOK_AHEAD = 8;

export class NodeReader {
  /** The blocks read so far by CID, in the order of reading. */
  readonly dag = new Map<string, Uint8Array>();
  readonly #getBlock: GetBlock;
  readonly #signal: AbortSignal | undefined;
  readonly #maxBlockBytes: number;
  readonly #lookAhead: number;
  /** The same as `dag`, by a key that is cheap to make. */
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #ahead = new Map<string, Promise<Uint8Array>>();
  #nodes = 0;
  /**
   * Links that nodes may still have. Each leads to a piece, a file, a directory or an inner node, which
   * are bounded. They count before they are walked, since the nodes on the way down are all in memory.
   */
  #linksLeft: number;
  #decodedBytes = 0;
  #turnAtBytes = BYTES_PER_TURN;

  constructor(
    getBlock: GetBlock,
    options: {
      readonly signal?: AbortSignal;
      readonly maxBlockBytes?: number;
      readonly inOrder?: boolean;
      readonly maxPieces?: number;
    },
  ) {
    this.#getBlock = getBlock;
    this.#signal = options.signal;
    this.#linksLeft = MAX_NODES + (options.maxPieces ?? MAX_PIECES);
    this.#maxBlockBytes = options.maxBlockBytes ?? MAX_PIECE_LENGTH;
    this.#lookAhead = options.inOrder ? 0 : LOOK_AHEAD;
  }

  /** Fetches, hashes, then decodes an inner block. */
  async read(cid: CID, depth: number): Promise<DagNode> {
    if (!isSupportedCid(cid)) throw manifestError(cid, 'is not of a kind handled');
    if (isRawCid(cid)) throw manifestError(cid, 'is a leaf where an inner node must be');
    if (depth > MAX_DEPTH) throw manifestError(cid, `is more than ${MAX_DEPTH} levels deep`);
    this.count(cid);
    if (this.#nodes % NODES_PER_TURN === 0 || this.#decodedBytes > this.#turnAtBytes) {
      this.#turnAtBytes = this.#decodedBytes + BYTES_PER_TURN;
      await nextTurn();
    }
    const key = blockKey(cid);
    const known = this.#blocks.get(key);
    const block = known ?? (await this.fetch(cid));
    this.#decodedBytes += block.length;
    if (this.#decodedBytes > MAX_DAG_BYTES) {
      throw manifestError(cid, `is past the limit of ${MAX_DAG_BYTES} bytes of inner nodes`);
    }
    if (!known) {
      this.#blocks.set(key, block);
      this.dag.set(cid.toString(), block);
    }
    const node = decodeNode(cid, block);
    this.#linksLeft -= linksOf(node).length;
    if (this.#linksLeft >= 0) return node;
    throw manifestError(cid, 'is past the limit of links');
  }

  /** Counts an entry that is not read, against the same limit. */
  count(cid: CID): void {
    if (++this.#nodes <= MAX_NODES) return;
    throw manifestError(cid, `is past the limit of ${MAX_NODES} nodes`);
  }

  /** Fetches any block and hashes it. */
  async fetch(cid: CID): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    const key = blockKey(cid);
    const pending = this.#ahead.get(key) ?? this.#getBlock(cid);
    const signal = this.#signal;
    const block = await (signal ? abortable(pending, signal) : pending).finally(() =>
      this.#ahead.delete(key),
    );
    signal?.throwIfAborted();
    if (block.length > this.#maxBlockBytes) {
      const accepted = `accepted are ${this.#maxBlockBytes}`;
      throw manifestError(cid, `came as ${block.length} bytes; ${accepted}`);
    }
    if (matchesCid(cid, block)) return block;
    throw new HubswarmError('ERR_HASH_MISMATCH', `${cid}: the block that came has another hash`);
  }

  /** Asks for the next inner blocks of a node while its earlier ones are walked. */
  lookAhead(toCome: Iterator<{ readonly cid: CID }>): void {
    while (this.#ahead.size < this.#lookAhead) {
      const next = toCome.next();
      if (next.done) return;
      const { cid } = next.value;
      if (!isSupportedCid(cid) || isRawCid(cid)) continue;
      const key = blockKey(cid);
      if (this.#blocks.has(key) || this.#ahead.has(key)) continue;
      const block = this.#getBlock(cid);
      // It is awaited later, or never if the walk fails before.
      block.catch(() => undefined);
      this.#ahead.set(key, block);
    }
  }
}

function linksOf(node: DagNode): readonly unknown[] {
  if (node.kind === 'link') return [];
  return node.kind === 'file' ? node.children : node.links;
}

/** Not the CID's base32 form: with it 10^6 links took 5.8 s instead of 1.3 s (measured). */
function blockKey({ version, multihash: { digest } }: CID): string {
  return version + digestKey(digest);
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => platform.soon('walking a DAG', resolve));
