// Makes the manifest of a path on this disk, without copying: leaves are read once, hashed and
// forgotten; only digests and inner nodes are kept. The manifest is then read off the finished DAG
// by the walk that a receiver does, so both sides agree on the order of pieces by construction.
import { basename, resolve } from 'node:path';
import { buildFileDag, buildLinkDag, type DagRoot } from '../../content/file-dag.ts';
import { MAX_PATH_UNITS } from '../../content/file-name.ts';
import { MAX_PIECES } from '../../content/geometry.ts';
import { hashPieces } from '../../content/hash-pieces.ts';
import { DIGEST_LENGTH, type Manifest } from '../../content/manifest.ts';
import { manifestOf } from '../../content/manifest-of.ts';
import { MAX_NODES } from '../../content/node-reader.ts';
import { choosePieceLength } from '../../content/piece-length.ts';
import { fileError, HubswarmError } from '../../runtime/errors.ts';
import { openNamed } from '../../runtime/node/named-file.ts';
import { stampOf, stampsAged } from '../file-system/stamp-age.ts';
import type { HashedFiles } from './hashed-files.ts';
import {
  countEntries,
  type Found,
  type FoundFile,
  filesOf,
  orLeftOut,
  pathUnits,
  type ScanOptions,
  scan,
} from './scan.ts';
import { checkUnchanged, type SourceFile } from './source.ts';

export interface ImportOptions extends ScanOptions {
  /** Length of every piece but each file's last; chosen from the total size unless given. */
  readonly pieceLength?: number;
  /** Whether the CID covers modes and times, so that receivers get them too. */
  readonly preserve?: boolean | undefined;
  /** What was hashed before, and is not read again; what is hashed now is added. */
  readonly hashed?: HashedFiles | undefined;
  /** Called with the bytes hashed or known so far, and the bytes of all files together. */
  readonly onProgress?: (bytes: number, totalBytes: number) => void;
}

export interface Imported {
  readonly manifest: Manifest;
  /** The last part of the path. */
  readonly name: string;
  /** Inner blocks by CID string, depth first from the root; empty when the root is a raw leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** The files, in the order of `manifest.files`. */
  readonly sources: readonly SourceFile[];
}

/**
 * @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_SOURCE_CHANGED (while it
 * was read), ERR_MANIFEST (a symbolic link or special file inside; too many pieces)
 */
export async function importPath(path: string, options: ImportOptions = {}): Promise<Imported> {
  const absolute = resolve(path);
  const name = basename(absolute);
  const found = await scan(absolute, name, options);
  let totalBytes = 0;
  for (const { source } of filesOf(found)) totalBytes += source.size;
  const pieceLength = options.pieceLength ?? choosePieceLength(totalBytes);
  checkLimits(absolute, found, pieceLength);
  // Waits, since otherwise the next write may leave size and time as they are.
  await stampsAged(timesOf(found));
  const importer = new Importer(pieceLength, totalBytes, options);
  const root = await importer.add(found);
  return { name, ...(await describe(root, importer.blocks, found)) };
}

function* timesOf(found: Found): Generator<number> {
  for (const { source, changedMs } of filesOf(found)) {
    yield source.mtimeMs;
    yield changedMs;
  }
}

/** Checks what a receiver would refuse, before anything is hashed. */
function checkLimits(path: string, found: Found, pieceLength: number): void {
  const tooMuch = (what: string): HubswarmError =>
    new HubswarmError('ERR_MANIFEST', `${path}: makes ${what}`);
  let pieces = 0;
  for (const { source } of filesOf(found)) pieces += Math.ceil(source.size / pieceLength);
  if (pieces > MAX_PIECES) {
    throw tooMuch(`${pieces} pieces of ${pieceLength} bytes; accepted are ${MAX_PIECES}`);
  }
  const entries = countEntries(found);
  if (entries > MAX_NODES) {
    throw tooMuch(`${entries} files and directories; accepted are ${MAX_NODES}`);
  }
  const units = pathUnits(found, 0);
  if (units > MAX_PATH_UNITS) {
    throw tooMuch(`${units} characters in paths; accepted are ${MAX_PATH_UNITS}`);
  }
}

class Importer {
  /** Inner blocks, children before their parents. */
  readonly blocks = new Map<string, Uint8Array>();
  readonly #pieceLength: number;
  readonly #totalBytes: number;
  readonly #options: ImportOptions;
  #hashedBytes = 0;

  constructor(pieceLength: number, totalBytes: number, options: ImportOptions) {
    this.#pieceLength = pieceLength;
    this.#totalBytes = totalBytes;
    this.#options = options;
  }

  async add(found: Found): Promise<DagRoot> {
    if (found.kind === 'file') return this.#addFile(found);
    if (found.kind === 'link') return buildLinkDag(found.target, this.blocks);
    const entries = [];
    for (const entry of found.entries) {
      const root = await this.#addEntry(entry);
      if (root) entries.push({ name: entry.name, ...root });
    }
    // Only directories need the tree builder; a process that shares a file never loads it.
    const { buildDirectoryDag } = await import('../../content/directory-dag.ts');
    const told = this.#options.preserve ? found.attributes : undefined;
    return buildDirectoryDag(entries, this.blocks, told);
  }

  /** Undefined for a file that cannot be read, or changes meanwhile, and is left out. */
  async #addEntry(entry: Found): Promise<DagRoot | undefined> {
    if (entry.kind !== 'file') return this.add(entry);
    const { path, size } = entry.source;
    const before = this.#hashedBytes;
    const root = await orLeftOut(path, this.#options, () => this.#addFile(entry));
    if (!root) this.#tell(before + size - this.#hashedBytes);
    return root;
  }

  async #addFile({ source, changedMs, attributes }: FoundFile): Promise<DagRoot> {
    try {
      const stamp = stampOf({ ...source, ctimeMs: changedMs });
      const digests = this.#known(source, stamp) ?? (await this.#hashFile(source, stamp));
      const { size: totalLength } = source;
      const leaves = { pieceLength: this.#pieceLength, totalLength, digests };
      const told = this.#options.preserve ? attributes : undefined;
      return buildFileDag(leaves, this.blocks, told);
    } catch (error) {
      throw fileError(error, source.path);
    }
  }

  #known({ path, size }: SourceFile, stamp: string): Uint8Array | undefined {
    const digests = this.#options.hashed?.find(path, stamp, this.#pieceLength, size);
    if (digests) this.#tell(size);
    return digests;
  }

  #tell(bytes: number): void {
    this.#hashedBytes += bytes;
    this.#options.onProgress?.(this.#hashedBytes, this.#totalBytes);
  }

  async #hashFile(source: SourceFile, stamp: string): Promise<Uint8Array> {
    const { signal, hashed } = this.#options;
    const pieceCount = Math.ceil(source.size / this.#pieceLength);
    const length = (piece: number): number =>
      Math.min(this.#pieceLength, source.size - piece * this.#pieceLength);
    const digests = new Uint8Array(pieceCount * DIGEST_LENGTH);
    const { handle } = await openNamed(source.path);
    try {
      await hashPieces(
        { path: source.path, handle, pieceCount, length, signal },
        (piece, digest) => {
          digests.set(digest, piece * DIGEST_LENGTH);
          this.#tell(length(piece));
          return true;
        },
      );
      const stats = await handle.stat();
      checkUnchanged(source, stats);
      if (stampOf(stats) === stamp) {
        hashed?.add(source.path, stamp, this.#pieceLength, source.size, digests);
        await hashed?.saveSome();
      }
    } finally {
      await handle.close();
    }
    return digests;
  }
}

async function describe(
  root: DagRoot,
  blocks: ReadonlyMap<string, Uint8Array>,
  found: Found,
): Promise<Pick<Imported, 'manifest' | 'dag' | 'sources'>> {
  const { manifest, dag } = await manifestOf(root, blocks);
  if (found.kind === 'file') return { manifest, dag, sources: [found.source] };
  const byPath = new Map(sourcesByPath(found, ''));
  const sources = manifest.files.map(({ path }) => byPath.get(path)!);
  return { manifest, dag, sources };
}

function* sourcesByPath(found: Found, path: string): Generator<[string, SourceFile]> {
  if (found.kind === 'file') yield [path, found.source];
  else if (found.kind === 'directory') {
    for (const entry of found.entries) {
      yield* sourcesByPath(entry, path === '' ? entry.name : `${path}/${entry.name}`);
    }
  }
}
