// hubswarm/content: names content and verifies it. It loads in browsers as well.
//
// A file is cut into pieces. Their hashes, and the hashes of those, hash up to one CID: the one that
// an IPFS node gives the same bytes with the same piece length.
import { matchesCid as matchesInnerCid, parseCid } from '../content/cid.ts';
import { pieceCid as innerPieceCid } from '../content/manifest.ts';
import { manifestOfLeaves } from '../content/manifest-of.ts';
import { MemoryStore as InnerMemoryStore } from '../content/memory-store.ts';
import { partsMatch } from '../content/parts.ts';
import { choosePieceLength as chooseLength } from '../content/piece-length.ts';
import { resolveManifest as resolveInnerManifest } from '../content/resolve.ts';
import { hashChunks } from './hash-chunks.ts';
import { innerManifest, type Manifest, outerManifest } from './manifest.ts';
import { abortSignal, callback, kind, list, pieceLength, record, text, whole } from './options.ts';
import type { PieceStore } from './piece-store.ts';

export type { FileAttributes } from '../content/attributes.ts';
export { Bitfield } from '../content/bitfield.ts';
export { Geometry } from '../content/geometry.ts';
export type { ManifestFile, ManifestLink } from '../content/manifest.ts';
export { type ErrorCode, HubswarmError } from '../runtime/errors.ts';
export type { Manifest } from './manifest.ts';
export type { PieceStore } from './piece-store.ts';

const bytesOfFile = whole(0, Number.MAX_SAFE_INTEGER);

/** The default piece length of content of that many bytes. @throws HubswarmError ERR_USAGE */
export function choosePieceLength(totalBytes: number): number {
  return chooseLength(bytesOfFile('totalBytes', totalBytes));
}

/** A manifest, and the inner blocks that prove it. */
export interface Resolved {
  readonly manifest: Manifest;
  /**
   * The blocks above the pieces by CID, depth first from the root; empty for a file of one piece.
   * With them another process makes the same manifest from the CID alone.
   */
  readonly blocks: ReadonlyMap<string, Uint8Array>;
}

export interface ImportOptions {
  /** Bytes of the file. */
  readonly length: number;
  /**
   * Bytes of each piece but the last: a multiple of 1024, from 16 KiB to 2 MiB. By default
   * choosePieceLength(length), as all of Hubswarm does. Another one gives another CID.
   */
  readonly pieceLength?: number;
}

const readImport = record<ImportOptions>({ length: bytesOfFile, pieceLength }, 'length');

/**
 * Hashes a file, and makes its manifest. Holds at most one piece in memory.
 *
 * @param chunks the file's bytes in order, cut anywhere; of a file in memory: `[bytes]`
 * @throws HubswarmError ERR_USAGE for a length that is not accepted and for chunks that are no bytes,
 * ERR_SOURCE_CHANGED when the chunks are not `length` bytes
 */
export async function importFile(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Resolved> {
  const { length, pieceLength = chooseLength(length) } = readImport('options', options);
  const digests = await hashChunks(chunks, length, pieceLength);
  const { manifest, dag } = await manifestOfLeaves({ pieceLength, totalLength: length, digests });
  return { manifest: outerManifest(manifest), blocks: dag };
}

export interface ResolveOptions {
  readonly signal?: AbortSignal;
  /** Most pieces accepted. By default 2^20, which take some 40 MiB. */
  readonly maxPieces?: number;
}

const readResolve = record<ResolveOptions>({
  signal: abortSignal,
  maxPieces: whole(1, Number.MAX_SAFE_INTEGER),
});

/**
 * Makes the manifest of a CID, from blocks that may come from anybody: each is hashed before it is
 * read. Their number, length and depth are bounded.
 *
 * @param getBlock fetches the block of a CID; it is asked for up to 8 at once
 * @throws HubswarmError ERR_USAGE for text that is no CID, ERR_HASH_MISMATCH, ERR_MANIFEST; what
 * getBlock throws
 */
export async function resolveManifest(
  cid: string,
  getBlock: (cid: string) => Promise<Uint8Array>,
  options: ResolveOptions = {},
): Promise<Resolved> {
  const fetchBlock: typeof getBlock = callback('getBlock', getBlock);
  const { manifest, dag } = await resolveInnerManifest(
    parseCid('cid', text('cid', cid)),
    async (block) => bytesOf('getBlock()', await fetchBlock(block.toString())),
    readResolve('options', options),
  );
  return { manifest: outerManifest(manifest), blocks: dag };
}

/** A CID in binary, as messages of the exchange have it. @throws HubswarmError ERR_USAGE */
export function cidBytes(cid: string): Uint8Array {
  return parseCid('cid', text('cid', cid)).bytes;
}

/** The CID of one piece: version 1, raw, sha2-256. */
export function pieceCid(manifest: Manifest, piece: number): string {
  const inner = innerManifest(manifest);
  return innerPieceCid(inner, pieceOf(inner)('piece', piece)).toString();
}

/** Whether these bytes, in consecutive parts, are that piece. */
export function matchesPiece(
  manifest: Manifest,
  piece: number,
  parts: readonly Uint8Array[],
): boolean {
  const inner = innerManifest(manifest);
  return partsMatch(inner, pieceOf(inner)('piece', piece), list(bytesOf)('parts', parts));
}

/**
 * Whether a block (a piece, or a node of the DAG) has this CID.
 *
 * @throws HubswarmError ERR_USAGE for text that is no CID, or one of another hash than sha2-256
 */
export function matchesCid(cid: string, block: Uint8Array): boolean {
  return matchesInnerCid(parseCid('cid', text('cid', cid)), bytesOf('block', block));
}

/** A store in memory. */
export interface MemoryStore extends PieceStore {
  /** The whole content, once every piece is here; not a copy. */
  readonly bytes: Uint8Array;
}

/**
 * Makes a store in memory: empty, or with the whole content.
 *
 * @param bytes the content; the caller vouches for it and no longer changes it
 */
export function createMemoryStore(manifest: Manifest, bytes?: Uint8Array): MemoryStore {
  const inner = innerManifest(manifest);
  if (bytes === undefined) return InnerMemoryStore.empty(inner);
  const { totalLength } = inner.geometry;
  const content = kind<Uint8Array>(
    `the ${totalLength} bytes of the content`,
    (given) => given instanceof Uint8Array && given.length === totalLength,
  );
  return InnerMemoryStore.whole(inner, content('bytes', bytes));
}

const bytesOf = kind<Uint8Array>('bytes (a Uint8Array)', (given) => given instanceof Uint8Array);

const pieceOf = ({ geometry }: { readonly geometry: { readonly pieceCount: number } }) =>
  whole(0, geometry.pieceCount - 1);
