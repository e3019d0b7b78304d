// Whether a compressed file decodes to the bytes of a manifest. Each piece is compared with its
// digest. Decoding ends at the first wrong or surplus piece: a bomb costs no more than the file is
// long.
// A gzip of several members is refused, empty ones too, since curl and browsers read only the
// first. So are bytes behind the coded bytes. So the one member is taken apart here: createGunzip()
// would join them.
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createBrotliDecompress, createInflateRaw } from 'node:zlib';
import { type Manifest, pieceDigest } from '../../content/manifest.ts';
import { readFully } from '../../root/opened.ts';
import type { OpenFile } from '../../root/root.ts';
import { systemCode } from '../../runtime/errors.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Coding } from '../message/accept-encoding.ts';
import { fileChunks } from './file-chunks.ts';

const DECODERS = { br: createBrotliDecompress, gzip: createInflateRaw } as const;

/** RFC 1952 section 2.3: a CRC-32 and a length follow the coded bytes of a member. */
const TRAILER_BYTES = 8;
/** Longest header of a member. Chosen: longer ones hold more than a file's name. */
const MAX_HEADER_BYTES = 4096;
const FIXED_HEADER_BYTES = 10;
const DEFLATED = Buffer.from([0x1f, 0x8b, 8]);
const FLAG = { extra: 4, name: 8, comment: 16, known: 1 | 4 | 8 | 16 } as const;

/**
 * Whether an open file holds those bytes in a content coding, and nothing else.
 *
 * @throws what reading it throws, and what the signal holds
 */
export async function decodesTo(
  manifest: Manifest,
  sibling: OpenFile,
  coding: Coding,
  signal: AbortSignal,
): Promise<boolean> {
  const coded = coding === 'gzip' ? await memberOf(sibling) : wholeOf(sibling);
  if (!coded) return false;
  const decoder = DECODERS[coding]();
  const pieces = new PieceCheck(manifest);
  try {
    await pipeline(between(sibling, coded), decoder, pieces, { signal });
  } catch (error) {
    // The bytes are malformed, unless reading failed.
    if (signal.aborted || error instanceof Refusal || systemCode(error)) throw error;
    return false;
  }
  // Bytes behind the coded bytes would confuse decoders.
  if (!pieces.isWhole || decoder.bytesWritten !== coded.end - coded.first) return false;
  return !coded.trailer || coded.trailer.equals(trailerOf(pieces.crc32, manifest));
}

/** Where the coded bytes of a file lie. */
interface Coded {
  readonly first: number;
  /** Exclusive end. */
  readonly end: number;
  /** Bytes that must follow the coded bytes. */
  readonly trailer?: Buffer;
}

const wholeOf = ({ version }: OpenFile): Coded => ({ first: 0, end: version.size });

/** The coded bytes of a gzip with one member; undefined if it has none. */
async function memberOf(sibling: OpenFile): Promise<Coded | undefined> {
  const { size } = sibling.version;
  const end = size - TRAILER_BYTES;
  if (end < FIXED_HEADER_BYTES) return undefined;
  const head = Buffer.alloc(Math.min(MAX_HEADER_BYTES, end));
  const trailer = Buffer.alloc(TRAILER_BYTES);
  await readFully(sibling, head, 0);
  await readFully(sibling, trailer, end);
  const first = headerEnd(head);
  return first === undefined ? undefined : { first, end, trailer };
}

/** End of the header; undefined if it is none, is too long, or has a checksum of its own. */
function headerEnd(head: Buffer): number | undefined {
  const flags = head[3]!;
  if (!head.subarray(0, DEFLATED.length).equals(DEFLATED) || flags & ~FLAG.known) return undefined;
  let at = FIXED_HEADER_BYTES;
  if (flags & FLAG.extra) {
    if (head.length < at + 2) return undefined;
    at += 2 + head.readUInt16LE(at);
  }
  for (const text of [FLAG.name, FLAG.comment]) {
    if (!(flags & text)) continue;
    const end = head.indexOf(0, at);
    if (end === -1) return undefined;
    at = end + 1;
  }
  return at <= head.length ? at : undefined;
}

function trailerOf(crc: number, { geometry }: Manifest): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(geometry.totalLength % 2 ** 32, 4);
  return trailer;
}

async function* between(sibling: OpenFile, { first, end }: Coded): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const bytes of fileChunks(sibling)) {
    const part = bytes.subarray(Math.max(0, first - at), Math.max(0, end - at));
    at += bytes.length;
    if (part.length > 0) yield part;
  }
}

/** Takes the bytes of a file in order; fails at the first wrong piece. */
class PieceCheck extends Writable {
  readonly #manifest: Manifest;
  #hash = createHash('sha256');
  /** Hashed bytes of the current piece. */
  #hashed = 0;
  #piece = 0;
  /** CRC-32 of all bytes so far. */
  crc32 = 0;

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
    this.crc32 = crc32(bytes, this.crc32);
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
