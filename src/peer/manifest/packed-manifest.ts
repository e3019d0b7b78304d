// A large manifest packed into a file of its own, to be exchanged like any other: its
// blocks in the form of an answer without a name (docs/protocol.md, 4), compressed, since
// links and names compress well beside the digests (by a third to a half). It has a CID,
// but that is only somebody's word: what is unpacked is hashed down from the root's CID.

import { promisify } from 'node:util';
import type { CID } from 'multiformats/cid';
import { sha256 } from '../../content/cid.ts';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import { manifestOfLeaves } from '../../content/manifest-of.ts';
import type { Resolved } from '../../content/resolve.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { MAX_ANSWER_BYTES } from './dag-codec.ts';
import { decodeManifest, type FetchedManifest } from './manifest-bytes.ts';

/** Longest packed form: incompressible bytes grow by 5 in 64 KiB, and a head. */
export const MAX_PACKED_BYTES = MAX_ANSWER_BYTES + 64 * 1024;

/** Short pieces spread sooner; there are few enough that their own manifest is small. Chosen. */
const PIECE_LENGTH = 16 * 1024;
const LARGE_PIECE_LENGTH = 128 * 1024;
const LARGE_FROM_BYTES = 8 * 2 ** 20;

export interface PackedManifest extends Resolved {
  readonly bytes: Uint8Array;
}

/** @param answer as encodeManifest makes it */
export async function pack(answer: Uint8Array): Promise<PackedManifest> {
  const { gzip } = await import('node:zlib');
  const bytes = await promisify(gzip)(answer);
  const pieceLength = bytes.length < LARGE_FROM_BYTES ? PIECE_LENGTH : LARGE_PIECE_LENGTH;
  const digests = new Uint8Array(Math.ceil(bytes.length / pieceLength) * DIGEST_LENGTH);
  for (let piece = 0; piece * DIGEST_LENGTH < digests.length; piece++) {
    const start = piece * pieceLength;
    digests.set(sha256(bytes.subarray(start, start + pieceLength)), piece * DIGEST_LENGTH);
  }
  const leaves = { pieceLength, totalLength: bytes.length, digests };
  return { ...(await manifestOfLeaves(leaves)), bytes };
}

/**
 * @throws HubswarmError ERR_REMOTE (no such bytes), ERR_HASH_MISMATCH, ERR_MANIFEST; the
 * signal's reason
 */
export async function unpack(
  root: CID,
  packed: Uint8Array,
  signal?: AbortSignal,
): Promise<FetchedManifest> {
  const { gunzip } = await import('node:zlib');
  const maxOutputLength = MAX_ANSWER_BYTES;
  const answer = await promisify(gunzip)(packed, { maxOutputLength }).catch((cause: unknown) => {
    throw new HubswarmError('ERR_REMOTE', `${root}: not a packed manifest`, { cause });
  });
  return decodeManifest(root, answer, signal);
}
