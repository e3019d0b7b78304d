// The manifest of one file whose pieces were hashed while its bytes went by: what
// importPath() would find by reading it again.
import { invariant } from '../runtime/invariant.ts';
import { isRawCid } from './cid.ts';
import { buildFileDag, type DagRoot, type Leaves } from './file-dag.ts';
import { Geometry } from './geometry.ts';
import { DIGEST_LENGTH, type Manifest } from './manifest.ts';
import { resolveManifest } from './resolve.ts';

export interface DescribedFile {
  readonly manifest: Manifest;
  /** Inner blocks by CID string; empty when the root is a raw leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
}

export async function describeFile(leaves: Leaves): Promise<DescribedFile> {
  const blocks = new Map<string, Uint8Array>();
  const root = buildFileDag(leaves, blocks);
  if (isRawCid(root.cid)) return { manifest: singleLeaf(root), dag: new Map() };
  return resolveManifest(root.cid, async (cid) => {
    const block = blocks.get(cid.toString());
    invariant(block, `the import made no block ${cid}`);
    return block;
  });
}

/** A file of one piece, or of none. */
export function singleLeaf({ cid, length }: DagRoot): Manifest {
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
