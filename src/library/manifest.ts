// A manifest as programs outside see it: data, with CIDs as text.
import { parseCid } from '../content/cid.ts';
import type { Geometry } from '../content/geometry.ts';
import type { Manifest as InnerManifest, ManifestFile } from '../content/manifest.ts';

/**
 * What a file or directory is: its CID and the ordered pieces below it. One that was made by
 * `importFile` or `resolveManifest` hashes up to the CID, and needs no trust.
 */
export interface Manifest {
  /** The root CID, in base32 (`bafy...`, `bafk...`). */
  readonly cid: string;
  readonly kind: 'file' | 'directory';
  readonly files: readonly ManifestFile[];
  /** Empty directories and the parents of files, relative; [] for a single file. */
  readonly directories: readonly string[];
  /** Where each piece lies. */
  readonly geometry: Geometry;
  /** The pieces' sha2-256 digests in order, 32 bytes each. */
  readonly digests: Uint8Array;
}

export function outerManifest({ root, ...rest }: InnerManifest): Manifest {
  return { cid: root.toString(), ...rest };
}

export function innerManifest({ cid, ...rest }: Manifest): InnerManifest {
  return { root: parseCid('cid', cid), ...rest };
}
