// A manifest as programs outside see it: data, with CIDs as text.
import { parseCid } from '../content/cid.ts';
import type { Geometry } from '../content/geometry.ts';
import {
  DIGEST_LENGTH,
  type Manifest as InnerManifest,
  type ManifestFile,
} from '../content/manifest.ts';
import { kind } from './options.ts';

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

/** @throws HubswarmError ERR_USAGE for anything else */
export function innerManifest(manifest: Manifest): InnerManifest {
  const { cid, ...rest } = aManifest('manifest', manifest);
  return { root: parseCid('manifest.cid', cid), ...rest };
}

const aManifest = kind<Manifest>(
  'a manifest, as importFile or resolveManifest makes it',
  (given) => {
    const { cid, geometry, digests } = (given ?? {}) as Partial<Manifest>;
    return (
      typeof cid === 'string' &&
      typeof geometry?.pieceCount === 'number' &&
      digests instanceof Uint8Array &&
      digests.length === geometry.pieceCount * DIGEST_LENGTH
    );
  },
);
