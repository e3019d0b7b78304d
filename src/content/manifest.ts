// What a file or directory *is*: its root CID and the ordered pieces below it. A manifest is made
// only by importing bytes, or by walking a DAG whose every block was hashed on the way down. So it
// needs no trust.
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create as createDigest } from 'multiformats/hashes/digest';
import { sha256 } from 'multiformats/hashes/sha2';
import type { FileAttributes } from './attributes.ts';
import type { Geometry } from './geometry.ts';

/** Bytes of a sha2-256 digest. */
export const DIGEST_LENGTH = 32;

export interface ManifestFile {
  /** Relative, '/'-separated, safe to join to a directory; '' for a single file. */
  readonly path: string;
  readonly length: number;
  /** The file's pieces are [firstPiece, firstPiece + pieceCount); none if it is empty. */
  readonly firstPiece: number;
  readonly pieceCount: number;
  /** What its node says of it. */
  readonly attributes?: FileAttributes;
}

/** A symbolic link inside a directory, which leads to a name of that directory. */
export interface ManifestLink {
  /** As that of a file. */
  readonly path: string;
  readonly target: string;
}

export interface Manifest {
  readonly root: CID;
  readonly kind: 'file' | 'directory';
  readonly files: readonly ManifestFile[];
  /** Empty directories and the parents of files, relative; [] for a single file. */
  readonly directories: readonly string[];
  /** What nodes say of directories, by their paths, '' for the root; absent if none says anything. */
  readonly directoryAttributes?: ReadonlyMap<string, FileAttributes>;
  /** Absent if there are none. */
  readonly links?: readonly ManifestLink[];
  readonly geometry: Geometry;
  /** The pieces' sha2-256 digests in order, 32 bytes each. */
  readonly digests: Uint8Array;
}

/** A piece's digest, as a view. */
export function pieceDigest(manifest: Pick<Manifest, 'digests'>, piece: number): Uint8Array {
  return manifest.digests.subarray(piece * DIGEST_LENGTH, (piece + 1) * DIGEST_LENGTH);
}

/** A piece's CID: version 1, raw codec, sha2-256. */
export function pieceCid(manifest: Pick<Manifest, 'digests'>, piece: number): CID {
  return CID.createV1(raw.code, createDigest(sha256.code, pieceDigest(manifest, piece)));
}

/** Most paths named at once: what a person reads. Chosen. */
const MOST_PATHS = 8;

/** The first few files that these ascending pieces are part of; none if the content is one file. */
export function pathsOf(manifest: Manifest, pieces: Iterable<number>): string[] {
  const files = new Set<number>();
  for (const piece of pieces) {
    files.add(fileOfPiece(manifest, piece));
    if (files.size === MOST_PATHS) break;
  }
  return [...files].flatMap((file) => manifest.files[file]!.path || []);
}

/** The index in `files` of the file that a piece is part of. */
export function fileOfPiece({ files }: Manifest, piece: number): number {
  let low = 0;
  let high = files.length - 1;
  // Find the last file that begins at or before the piece; empty files begin where the next one
  // does.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (files[middle]!.firstPiece <= piece) low = middle;
    else high = middle - 1;
  }
  return low;
}
