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

/**
 * Whether a piece is still what it was, after some bytes of it were read from a file that somebody
 * may have written to. If they are not the whole piece, `readWhole` reads all of it.
 */
export async function stillMatches(
  manifest: Pick<Manifest, 'geometry' | 'digests'>,
  piece: number,
  read: Uint8Array,
  readWhole: (into: Uint8Array) => Promise<unknown>,
): Promise<boolean> {
  const length = manifest.geometry.length(piece);
  if (read.length === length) return partsMatch(manifest, piece, [read]);
  const whole = new Uint8Array(length);
  await readWhole(whole);
  return partsMatch(manifest, piece, [whole]);
}
