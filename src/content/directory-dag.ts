// The UnixFS node of one directory, flat or HAMT-sharded. It is built one directory at a time, from
// the bottom up. A tree builder that gets whole paths does not know the CIDs of sub-directories
// when it decides on sharding, and so does not count them. An IPFS node counts them (names + CIDs >
// 256 KiB).
import * as dagPb from '@ipld/dag-pb';
import { type ImporterOptions, importer } from 'ipfs-unixfs-importer';
import type { CID } from 'multiformats/cid';
import { invariant } from '../runtime/invariant.ts';
import type { FileAttributes } from './attributes.ts';
import { dagPbCid } from './cid.ts';
import type { DagRoot } from './file-dag.ts';
import { withAttributes } from './unixfs-data.ts';

export interface DirectoryEntry extends DagRoot {
  readonly name: string;
}

/**
 * Adds the directory's own blocks (its shards) to `blocks`.
 *
 * @param attributes that the root tells
 */
export async function buildDirectoryDag(
  entries: readonly DirectoryEntry[],
  blocks: Map<string, Uint8Array>,
  attributes?: FileAttributes,
): Promise<DagRoot> {
  const blockstore = {
    put: (cid: CID, block: Uint8Array) => {
      blocks.set(cid.toString(), block);
      return cid;
    },
  };
  // The children exist already. So the builder of files is replaced by one that hands them over,
  // and only the builder of trees works.
  const dagBuilder: ImporterOptions['dagBuilder'] = async function* () {
    for (const { name, cid, tsize } of entries) {
      yield async () => ({ cid, size: BigInt(tsize), path: name, originalPath: name });
    }
  };
  let top: { cid: CID; size: bigint } | undefined;
  for await (const made of importer([], blockstore, {
    dagBuilder,
    wrapWithDirectory: true,
    cidVersion: 1,
  })) {
    top = made;
  }
  invariant(top, 'the tree builder made no directory');
  const length = entries.reduce((sum, { length }) => sum + length, 0);
  const made = { cid: top.cid, length, tsize: Number(top.size) };
  return attributes ? describeRoot(made, blocks, attributes) : made;
}

/** Replaces the root by one that tells attributes: the tree builder takes them of files alone. */
function describeRoot(
  { cid, length, tsize }: DagRoot,
  blocks: Map<string, Uint8Array>,
  attributes: FileAttributes,
): DagRoot {
  const before = blocks.get(cid.toString());
  invariant(before, 'the tree builder kept its root');
  const { Data, Links } = dagPb.decode(before);
  const block = dagPb.encode({ Data: withAttributes(Data!, attributes), Links });
  const described = dagPbCid(block);
  blocks.delete(cid.toString());
  blocks.set(described.toString(), block);
  return { cid: described, length, tsize: tsize + block.length - before.length };
}
