// A manifest as bytes: what /hubswarm/dag/1.0.0 answers (docs/protocol.md, 4). On disk
// as on the wire it is believed no further than its hashes go: from the root CID down.
import type { CID } from 'multiformats/cid';
import { isRawCid, sha256 } from '../content/cid.ts';
import type { Manifest } from '../content/manifest.ts';
import { resolveManifest } from '../content/resolve.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { AnswerDecoder, blockKey, encodeBlock, encodeHead, isSafeName } from './dag-codec.ts';

/** A manifest and all that it takes to give it to others. */
export interface FetchedManifest {
  readonly manifest: Manifest;
  /** The inner blocks depth first from the root; empty when the root is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** Safe to join to a directory; the CID when nobody gave such a name. */
  readonly name: string;
  /** The whole content, when the root is a leaf. */
  readonly rawRoot?: Uint8Array;
}

export function encodeManifest({ name, dag, rawRoot }: FetchedManifest): Uint8Array {
  return encodeAnswer(name, rawRoot ? [rawRoot] : [...dag.values()]);
}

/** @param blocks depth first from the root, each once */
export function encodeAnswer(name: string, blocks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([encodeHead('ok', name), ...blocks.flatMap(encodeBlock)]);
}

/**
 * @throws HubswarmError ERR_REMOTE (not such bytes, or blocks are missing),
 * ERR_HASH_MISMATCH, ERR_MANIFEST
 */
export async function decodeManifest(cid: CID, bytes: Uint8Array): Promise<FetchedManifest> {
  const blocks = new Map<string, Uint8Array>();
  let name = cid.toString();
  const decoder = new AnswerDecoder({
    handleHead: (_status, hint) => {
      if (isSafeName(hint)) name = hint;
    },
    handleBlock: (block) => blocks.set(blockKey(sha256(block)), block),
  });
  const violation = decoder.push(bytes) ?? decoder.end();
  if (violation !== undefined) throw new HubswarmError('ERR_REMOTE', `${cid}: ${violation}`);
  const getBlock = async ({ multihash }: CID): Promise<Uint8Array> => {
    const block = blocks.get(blockKey(multihash.digest));
    if (block) return block;
    throw new HubswarmError('ERR_REMOTE', `${cid}: a block of its DAG is missing`);
  };
  const resolved = await resolveManifest(cid, getBlock);
  return { ...resolved, name, ...(isRawCid(cid) ? { rawRoot: await getBlock(cid) } : {}) };
}
