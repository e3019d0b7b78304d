// A piece as it came: consecutive parts, not verified yet.

import { equals } from 'multiformats/bytes';
import { platform } from '#platform';
import { type Manifest, pieceDigest } from './manifest.ts';

/** Whether the parts, one after the other, are the piece. */
export function partsMatch(
  manifest: Pick<Manifest, 'geometry' | 'digests'>,
  piece: number,
  parts: readonly Uint8Array[],
): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== manifest.geometry.length(piece)) return false;
  return equals(platform.sha256(parts), pieceDigest(manifest, piece));
}
