// A piece as it came: consecutive parts that nobody has checked yet.
import { createHash } from 'node:crypto';
import { type Manifest, pieceDigest } from './manifest.ts';

/** True when the parts, one after the other, are the piece. */
export function partsMatch(
  manifest: Manifest,
  piece: number,
  parts: readonly Uint8Array[],
): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== manifest.geometry.length(piece)) return false;
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Buffer.compare(hash.digest(), pieceDigest(manifest, piece)) === 0;
}
