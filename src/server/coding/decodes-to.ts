// Whether a compressed file decodes to the bytes that a manifest names. Each piece is held
// against its digest, and decoding ends at the first that is another or too many: a bomb
// costs no more than the file is long.
// Refused: a gzip of several members (browsers take the first alone), and anything behind
// the end of the coded bytes.
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { type Manifest, pieceDigest } from '../../content/manifest.ts';
import { systemCode } from '../../runtime/errors.ts';
import { fileChunks } from '../archive/file-chunks.ts';
import { HttpFailure } from '../http-failure.ts';
import { readFully } from '../send-body.ts';
import type { Opened } from '../served-root.ts';
import type { Coding } from './accept-encoding.ts';

/** RFC 1952: a member's length, the last four bytes. */
const ISIZE_BYTES = 4;

const DECODERS = { br: createBrotliDecompress, gzip: createGunzip } as const;

/**
 * Whether an open file holds those bytes in a content coding, and nothing else.
 *
 * @throws what reading it throws, and what the signal holds
 */
export async function decodesTo(
  manifest: Manifest,
  sibling: Opened,
  coding: Coding,
  signal: AbortSignal,
): Promise<boolean> {
  if (coding === 'gzip' && !(await endsWithLength(sibling, manifest.geometry.totalLength))) {
    return false;
  }
  const decoder = DECODERS[coding]();
  const pieces = new PieceCheck(manifest);
  try {
    await pipeline(fileChunks(sibling), decoder, pieces, { signal });
  } catch (error) {
    // What was read makes no sense, unless reading failed.
    if (signal.aborted || error instanceof HttpFailure || systemCode(error)) throw error;
    return false;
  }
  // Whatever follows the end of the coded bytes would confuse decoders.
  return pieces.isWhole && decoder.bytesWritten === sibling.stats.size;
}

/** True when the last member of a gzip holds as much as the file: then it is the only one. */
async function endsWithLength(sibling: Opened, length: number): Promise<boolean> {
  if (sibling.stats.size < ISIZE_BYTES) return false;
  const bytes = Buffer.alloc(ISIZE_BYTES);
  await readFully(sibling, bytes, sibling.stats.size - ISIZE_BYTES);
  return bytes.readUInt32LE() === length % 2 ** 32;
}

/** Takes the bytes of a file in order; fails at the first piece that is another. */
class PieceCheck extends Writable {
  readonly #manifest: Manifest;
  #hash = createHash('sha256');
  /** Bytes of the piece that is under way. */
  #hashed = 0;
  #piece = 0;

  constructor(manifest: Manifest) {
    super();
    this.#manifest = manifest;
  }

  get isWhole(): boolean {
    return this.#piece === this.#manifest.geometry.pieceCount;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error) => void): void {
    done(this.#take(bytes) ? undefined : new Error('other bytes than those of the file'));
  }

  #take(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length; ) {
      if (this.isWhole) return false;
      const left = this.#manifest.geometry.length(this.#piece) - this.#hashed;
      const part = bytes.subarray(at, at + left);
      this.#hash.update(part);
      this.#hashed += part.length;
      at += part.length;
      if (part.length === left && !this.#endPiece()) return false;
    }
    return true;
  }

  #endPiece(): boolean {
    const digest = this.#hash.digest();
    if (Buffer.compare(digest, pieceDigest(this.#manifest, this.#piece)) !== 0) return false;
    this.#hash = createHash('sha256');
    this.#hashed = 0;
    this.#piece++;
    return true;
  }
}
