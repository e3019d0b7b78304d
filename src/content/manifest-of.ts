// Makes the manifest of content that was hashed here: by the same walk over the finished DAG that a
// receiver does. So both sides agree on the order of pieces.
import { invariant } from '../runtime/invariant.ts';
import { isRawCid } from './cid.ts';
import { buildFileDag, type DagRoot, type Leaves } from './file-dag.ts';
import { Geometry } from './geometry.ts';
import { DIGEST_LENGTH, type Manifest } from './manifest.ts';
import { type Resolved, resolveManifest } from './resolve.ts';

/** @param blocks every inner block below the root, by CID */
export async function manifestOf(
  root: DagRoot,
  blocks: ReadonlyMap<string, Uint8Array>,
): Promise<Resolved> {
  if (isRawCid(root.cid)) return { manifest: manifestOfLeaf(root), dag: new Map() };
  return resolveManifest(root.cid, async (cid) => {
    const block = blocks.get(cid.toString());
    invariant(block, `no block ${cid} was made`);
    return block;
  });
}

/** Makes the manifest of one file. */
export async function manifestOfLeaves(leaves: Leaves): Promise<Resolved> {
  const blocks = new Map<string, Uint8Array>();
  return manifestOf(buildFileDag(leaves, blocks), blocks);
}

/** Makes the manifest of a file that is one leaf, or empty: its CID and length are all there is. */
export function manifestOfLeaf({ cid, length }: Pick<DagRoot, 'cid' | 'length'>): Manifest {
  const pieceCount = length > 0 ? 1 : 0;
  return {
    root: cid,
    kind: 'file',
    files: [{ path: '', length, firstPiece: 0, pieceCount }],
    directories: [],
    geometry: new Geometry(length > 0 ? [length] : []),
    digests: cid.multihash.digest.slice(0, pieceCount * DIGEST_LENGTH),
  };
}
