// Where a block lies: inner blocks of files are in memory, leaves are parts of the files.
import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { DIGEST_LENGTH, type Manifest } from '../../content/manifest.ts';
import { PieceIndex } from '../../content/piece-index.ts';
import { openFile, readFully, withOpen } from '../../root/opened.ts';
import type { OpenFile, Root, Segments } from '../../root/root.ts';
import { fileChanging } from '../../runtime/refusal.ts';
import { SpareBuffers } from '../../runtime/spare-buffers.ts';

/** A version of a file whose blocks are known. */
interface HashedFile {
  readonly place: Segments;
  readonly cid: string;
  readonly manifest: Manifest;
  /** The inner blocks. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** Opens the file; undefined if it has another version by now. */
  open(): Promise<OpenFile | undefined>;
}

/** A place that may have a block. */
export interface BlockPlace {
  /** @throws Refusal if the file has changed */
  read(): Promise<Uint8Array>;
  /** Opens all blocks of the file that it is part of; undefined if the file has changed. */
  openFile(): Promise<FileBlocks | undefined>;
  /** Name of the file, if the block is its root. */
  readonly name?: string | undefined;
}

/**
 * Yields every place that may have the block; the file there can have changed since.
 *
 * @param isReadable whether the caller may read the file at that place
 */
export function* blockPlaces(
  entries: Iterable<HashedFile>,
  root: Pick<Root, 'open'>,
  cid: CID,
  isReadable: (place: Segments) => boolean,
): Generator<BlockPlace> {
  const name = cid.toString();
  for (const entry of entries) {
    if (!isReadable(entry.place)) continue;
    const read = readerOf(entry, root, cid, name);
    if (!read) continue;
    const named = entry.cid === name ? { name: entry.place.at(-1) } : {};
    yield { read, openFile: () => openBlocks(entry), ...named };
  }
}

function readerOf(
  entry: HashedFile,
  root: Pick<Root, 'open'>,
  cid: CID,
  name: string,
): BlockPlace['read'] | undefined {
  const bytes = entry.dag.get(name);
  if (bytes) return async () => bytes;
  if (cid.code !== raw.code) return undefined;
  const piece = entry.cid === name ? 0 : findPiece(entry.manifest, cid.multihash.digest);
  if (piece === undefined) return undefined;
  return () =>
    withOpen(openFile(root, entry.place), (file) => readPiece(file, entry.manifest, piece));
}

/** Reads a piece of the file that has the name now. The caller compares it with its CID. */
async function readPiece(
  file: Pick<OpenFile, 'read'>,
  { geometry }: Manifest,
  piece: number,
  take: (length: number) => Uint8Array = Buffer.allocUnsafe,
): Promise<Uint8Array> {
  const empty = geometry.pieceCount === 0;
  const block = take(empty ? 0 : geometry.length(piece));
  await readFully(file, block, empty ? 0 : geometry.offset(piece));
  return block;
}

/** Buffers for reuse: one that is read, one that waits and one that is sent. */
const SPARE = 4;
/** Shorter blocks are not worth it, and are sent joined. */
const REUSED_FROM_BYTES = 64 * 1024;

/** All blocks of one version of a file. The caller closes it. */
export class FileBlocks {
  readonly #spare = new SpareBuffers(SPARE);
  readonly #lent = new Set<Uint8Array>();
  readonly #entry: HashedFile;
  readonly #file: OpenFile;
  readonly #pieces: PieceIndex;

  constructor(entry: HashedFile, file: OpenFile) {
    this.#entry = entry;
    this.#file = file;
    this.#pieces = new PieceIndex(entry.manifest);
    for (let piece = 0; piece < entry.manifest.geometry.pieceCount; piece++)
      this.#pieces.add(piece);
  }

  /**
   * The bytes of a block; undefined if it is none of this file. They are not hashed: the version is
   * the one that was.
   *
   * @throws Refusal ERR_SOURCE_CHANGED
   */
  async get(cid: CID): Promise<Uint8Array | undefined> {
    const { cid: root, dag, manifest } = this.#entry;
    const name = cid.toString();
    const inner = dag.get(name);
    if (inner || cid.code !== raw.code) return inner;
    const found = root === name ? 0 : this.#pieces.lookup(cid.multihash.digest)(0);
    if (found === undefined) return undefined;
    const bytes = await readPiece(this.#file, manifest, found, (length) => this.#take(length));
    if (await this.#file.isUnchanged()) return bytes;
    throw fileChanging();
  }

  /** Must not be called before nobody reads these bytes any more. */
  release(bytes: Uint8Array): void {
    if (this.#lent.delete(bytes)) this.#spare.give(bytes);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #take(length: number): Uint8Array {
    if (length < REUSED_FROM_BYTES) return Buffer.allocUnsafe(length);
    const buffer = this.#spare.take(length);
    this.#lent.add(buffer);
    return buffer;
  }
}

async function openBlocks(entry: HashedFile): Promise<FileBlocks | undefined> {
  const file = await entry.open();
  return file && new FileBlocks(entry, file);
}

/** Index of the piece with this digest. It searches the bytes, so no index takes memory. */
export function findPiece({ digests }: Manifest, digest: Uint8Array): number | undefined {
  const all = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
  let at = all.indexOf(digest);
  while (at >= 0 && at % DIGEST_LENGTH !== 0) at = all.indexOf(digest, at + 1);
  return at < 0 ? undefined : at / DIGEST_LENGTH;
}
