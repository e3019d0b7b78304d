// A file that one answer brings and its CID proves: it is short, and its CID is that of one piece.
import type { CID } from 'multiformats/cid';
import { decodeCid, isRawCid, matchesCid } from '../../content/cid.ts';
import type { RemoteFile } from './remote/remote-tree.ts';

/** Longer files may go on where they were cut off. Chosen: two pieces of the default length. */
export const MOST_SMALL_BYTES = 128 * 1024;

/** The CID of a small file; undefined for another file. */
export function smallCidOf({ bytes, cid: listed }: RemoteFile): CID | undefined {
  if (listed === undefined || bytes === undefined || bytes > MOST_SMALL_BYTES) return undefined;
  const cid = decodeCid(listed);
  return cid && isRawCid(cid) ? cid : undefined;
}

/** Whether the bytes are those of a small file. */
export function isContentOf(file: RemoteFile, bytes: Uint8Array): boolean {
  const cid = smallCidOf(file);
  return cid !== undefined && matchesCid(cid, bytes);
}
