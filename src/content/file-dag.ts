// The UnixFS DAG of one file above its leaves: balanced, at most 174 links a
// node, every leaf at the same depth. A file of one leaf is that leaf.
// Equal to `ipfs add --cid-version=1 --chunker=size-N`.
// Source: https://specs.ipfs.tech/unixfs/, boxo ipld/unixfs/importer/balanced.
import * as dagPb from '@ipld/dag-pb';
import type { CID } from 'multiformats/cid';
import type { FileAttributes } from './attributes.ts';
import { dagPbCid, rawCid, sha256 } from './cid.ts';
import { DIGEST_LENGTH } from './manifest.ts';
import { encodeFileData, encodeLinkData } from './unixfs-data.ts';

/** kubo's width (boxo: DefaultLinksPerBlock, so that a node of links stays within 8 KiB). */
const LINKS_PER_NODE = 174;

/** The root of a DAG, as a directory or a parent node links to it. */
export interface DagRoot {
  readonly cid: CID;
  /** Bytes of content below. */
  readonly length: number;
  /** Bytes of all blocks below and of this one: dag-pb's Tsize. */
  readonly tsize: number;
}

export interface Leaves {
  readonly pieceLength: number;
  readonly totalLength: number;
  /** The leaves' digests in order, 32 bytes each. */
  readonly digests: Uint8Array;
}

/**
 * Adds the inner blocks to `blocks`, children before their parents.
 *
 * @param attributes that the root tells. A root that tells some is never a leaf.
 */
export function buildFileDag(
  leaves: Leaves,
  blocks: Map<string, Uint8Array>,
  attributes?: FileAttributes,
): DagRoot {
  const count = leaves.digests.length / DIGEST_LENGTH;
  if (count === 0 && attributes) return joinNode([], blocks, attributes);
  if (count === 0) return { cid: rawCid(sha256(new Uint8Array())), length: 0, tsize: 0 };
  const leaf = (index: number): DagRoot => {
    const start = index * leaves.pieceLength;
    const length = Math.min(leaves.pieceLength, leaves.totalLength - start);
    const digest = leaves.digests.subarray(index * DIGEST_LENGTH, (index + 1) * DIGEST_LENGTH);
    return { cid: rawCid(digest), length, tsize: length };
  };
  if (count === 1 && !attributes) return leaf(0);
  // Leaves become CIDs one node at a time, so that only inner nodes are held as objects.
  let level = joinLevel(count, leaf, blocks, attributes);
  while (level.length > 1) {
    const below = level;
    level = joinLevel(below.length, (index) => below[index]!, blocks, attributes);
  }
  return level[0]!;
}

/** Adds the node of a symbolic link to `blocks`. */
export function buildLinkDag(target: string, blocks: Map<string, Uint8Array>): DagRoot {
  const data = encodeLinkData(new TextEncoder().encode(target));
  const block = dagPb.encode({ Data: data, Links: [] });
  const cid = dagPbCid(block);
  blocks.set(cid.toString(), block);
  return { cid, length: 0, tsize: block.length };
}

function joinLevel(
  count: number,
  child: (index: number) => DagRoot,
  blocks: Map<string, Uint8Array>,
  attributes: FileAttributes | undefined,
): DagRoot[] {
  const ofRoot = count <= LINKS_PER_NODE ? attributes : undefined;
  const parents: DagRoot[] = [];
  for (let start = 0; start < count; start += LINKS_PER_NODE) {
    const width = Math.min(LINKS_PER_NODE, count - start);
    parents.push(
      joinNode(
        Array.from({ length: width }, (_, i) => child(start + i)),
        blocks,
        ofRoot,
      ),
    );
  }
  return parents;
}

function joinNode(
  children: readonly DagRoot[],
  blocks: Map<string, Uint8Array>,
  attributes: FileAttributes | undefined,
): DagRoot {
  const lengths = children.map(({ length }) => length);
  const block = dagPb.encode({
    Data: encodeFileData(lengths, attributes),
    Links: children.map(({ cid, tsize }) => ({ Name: '', Hash: cid, Tsize: tsize })),
  });
  const cid = dagPbCid(block);
  blocks.set(cid.toString(), block);
  return {
    cid,
    length: children.reduce((sum, { length }) => sum + length, 0),
    tsize: children.reduce((sum, { tsize }) => sum + tsize, block.length),
  };
}
