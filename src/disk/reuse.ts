// Copies pieces of a download from files of this disk, so that they are not fetched. First from
// files that were hashed before, by their records: only pieces that are wanted are read. Then from
// other versions of the same content, which are hashed, since nothing is known of them. Each piece
// is verified by its store; a file that cannot be read, or is not what it was, costs a read.
// Pieces have fixed places: bytes that were inserted shift all pieces behind them, and these are
// fetched.
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hashPieces } from '../content/hash-pieces.ts';
import { DIGEST_LENGTH, type Manifest } from '../content/manifest.ts';
import { PieceIndex } from '../content/piece-index.ts';
import type { PieceStore } from '../content/store.ts';
import { atOnce } from '../runtime/at-once.ts';
import { allocAligned } from '../runtime/node/aligned-buffer.ts';
import { stampOf } from './file-system/stamp-age.ts';
import { type RecordedFile, recordedFiles } from './import/hashed-files.ts';
import { READ } from './place/check-files.ts';

/** Files read at once: each holds a piece, or two windows of hashing, in memory. Chosen. */
const FILES_AT_ONCE = 4;
/** Most files and directories of one other version. Chosen. */
const MOST_FILES = 100_000;
/** Most bytes hashed: the content's twice, and so many. Chosen. */
const SPARE_BYTES = 64 * 2 ** 20;
/** Pieces that differ from a file's record after which its others are not read. Chosen. */
const MOST_MISSES = 4;
/** Chosen: 30 to 55 ms of work. */
const PIECES_PER_TURN = 2 ** 16;
/** Most paths that are told. Chosen. */
const MOST_PATHS = 8;

export interface ReuseOptions {
  /** Directory of records of hashed files. */
  readonly records?: string | undefined;
  /** Files and directories that may hold pieces. */
  readonly versions: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes hashed so far, and those that are to be hashed. */
  readonly onHashed?: ((bytes: number, totalBytes: number) => void) | undefined;
}

export interface Reused {
  readonly pieces: number;
  readonly bytes: number;
  /** The first few files that pieces were copied from. */
  readonly paths: readonly string[];
}

/** Copies what the store lacks and this disk has. @throws HubswarmError what the store throws */
export async function reusePieces(store: PieceStore, options: ReuseOptions): Promise<Reused> {
  const reuse = new Reuse(store, await Missing.in(store), options);
  if (options.records !== undefined) {
    for await (const files of recordedFiles(options.records)) await reuse.takeRecorded(files);
  }
  await reuse.takeVersions();
  return reuse.reused;
}

/** A piece that a file holds, or held. */
interface Hit {
  readonly piece: number;
  readonly position: number;
}

/** A file of another version. */
interface Candidate {
  readonly path: string;
  readonly size: number;
  readonly stamp: string;
  readonly pieceLength: number;
}

class Reuse {
  readonly #store: PieceStore;
  readonly #options: ReuseOptions;
  readonly #missing: Missing;
  /** Versions of files whose digests a record told: stamp and piece length by path. */
  readonly #known = new Map<string, string>();
  readonly #paths = new Set<string>();
  #pieces = 0;
  #bytes = 0;

  constructor(store: PieceStore, missing: Missing, options: ReuseOptions) {
    this.#store = store;
    this.#missing = missing;
    this.#options = options;
  }

  get reused(): Reused {
    return { pieces: this.#pieces, bytes: this.#bytes, paths: [...this.#paths] };
  }

  async takeRecorded(files: readonly RecordedFile[]): Promise<void> {
    const { versions, signal } = this.#options;
    await atOnce(files, FILES_AT_ONCE, async ({ path, stamp, pieceLength, digests }) => {
      signal?.throwIfAborted();
      const isBelow = (version: string): boolean => path.startsWith(version);
      if (versions.some(isBelow)) this.#known.set(path, `${stamp} ${pieceLength}`);
      const hits: Hit[] = [];
      const find = this.#missing.lookup(digests);
      for (let index = 0; index < digests.length / DIGEST_LENGTH; index++) {
        const piece = find(index);
        if (piece !== undefined) hits.push({ piece, position: index * pieceLength });
      }
      if (hits.length > 0) await withFile(path, (handle) => this.#copy(path, handle, hits));
    });
  }

  async takeVersions(): Promise<void> {
    if (this.#missing.count === 0) return;
    const candidates: Candidate[] = [];
    for (const version of this.#options.versions) await this.#list(version, candidates);
    const most = 2 * this.#store.manifest.geometry.totalLength + SPARE_BYTES;
    let total = 0;
    for (const candidate of candidates) total += candidate.size;
    total = Math.min(total, most);
    let left = most;
    let hashed = 0;
    await atOnce(candidates, FILES_AT_ONCE, async (candidate) => {
      const pieceCount = this.#piecesToHash(candidate, left);
      left -= candidate.size;
      if (pieceCount === 0) return;
      await withFile(candidate.path, (handle) =>
        this.#takeVersion(candidate, handle, pieceCount, (bytes) => {
          hashed += bytes;
          this.#options.onHashed?.(hashed, total);
        }),
      );
    });
  }

  async #takeVersion(
    { path, size, pieceLength }: Candidate,
    handle: FileHandle,
    pieceCount: number,
    onHashed: (bytes: number) => void,
  ): Promise<void> {
    const { signal } = this.#options;
    const hits: Hit[] = [];
    const length = (index: number): number => Math.min(pieceLength, size - index * pieceLength);
    const hashing = hashPieces({ path, handle, pieceCount, length, signal }, (index, digest) => {
      const piece = this.#missing.lookup(digest)(0);
      if (piece !== undefined) hits.push({ piece, position: index * pieceLength });
      onHashed(length(index));
      return true;
    });
    await hashing.catch(() => signal?.throwIfAborted());
    await this.#copy(path, handle, hits);
  }

  /** The last piece counts only if one of its length is missing. */
  #piecesToHash({ path, size, stamp, pieceLength }: Candidate, left: number): number {
    if (this.#missing.count === 0 || pieceLength === 0) return 0;
    if (this.#known.get(path) === `${stamp} ${pieceLength}`) return 0;
    const whole = Math.floor(Math.min(size, Math.max(0, left)) / pieceLength);
    const rest = size - whole * pieceLength;
    return rest > 0 && rest < pieceLength && this.#missing.lengths.has(rest) ? whole + 1 : whole;
  }

  /** Adds the regular files at or below a path; symbolic links are not followed. */
  async #list(version: string, candidates: Candidate[]): Promise<void> {
    const { manifest } = this.#store;
    const lengths = pieceLengths(manifest);
    const below = [''];
    let seen = 0;
    for (let at = below.pop(); at !== undefined && seen < MOST_FILES; at = below.pop()) {
      seen++;
      this.#options.signal?.throwIfAborted();
      const path = join(version, at);
      const stats = await lstat(path).catch(() => undefined);
      if (stats?.isDirectory()) {
        const names = await readdir(path).catch(() => []);
        for (const name of names.slice(0, MOST_FILES))
          below.push(at === '' ? name : `${at}/${name}`);
      } else if (stats?.isFile()) {
        const pieceLength = lengths.get(at) ?? manifest.geometry.maxLength;
        candidates.push({ path, size: stats.size, stamp: stampOf(stats), pieceLength });
      }
    }
  }

  #note(path: string, bytes: number): void {
    this.#pieces++;
    this.#bytes += bytes;
    if (this.#paths.size < MOST_PATHS) this.#paths.add(path);
  }

  async #copy(path: string, handle: FileHandle, hits: readonly Hit[]): Promise<void> {
    const { manifest } = this.#store;
    let misses = 0;
    for (const { piece, position } of hits) {
      this.#options.signal?.throwIfAborted();
      if (!this.#missing.has(piece)) continue;
      const bytes = await readAt(handle, position, manifest.geometry.length(piece));
      if (bytes && (await this.#store.write(piece, [bytes]))) {
        // Another file may have had it at the same time.
        if (this.#missing.delete(piece)) this.#note(path, bytes.length);
      } else if (++misses === MOST_MISSES) return;
    }
  }
}

/** The pieces that a store lacks; of equal ones the first stands for all. */
class Missing {
  /** Lengths of the pieces that were missing at first. */
  readonly lengths = new Set<number>();
  readonly #index: PieceIndex;
  readonly #copied = new Set<number>();
  #count = 0;

  /** A stranger's manifest may have 2^20 pieces: other work gets its turn meanwhile. */
  static async in({ manifest, have }: PieceStore): Promise<Missing> {
    const missing = new Missing(manifest);
    for (let piece = 0; piece < manifest.geometry.pieceCount; piece++) {
      if (piece % PIECES_PER_TURN === PIECES_PER_TURN - 1) await nextTurn();
      if (!have.has(piece)) missing.#add(piece, manifest.geometry.length(piece));
    }
    return missing;
  }

  private constructor(manifest: Manifest) {
    this.#index = new PieceIndex(manifest);
  }

  get count(): number {
    return this.#count;
  }

  /** Finds the missing piece with the digest of that number among these; undefined for none. */
  lookup(digests: Uint8Array): (number: number) => number | undefined {
    const find = this.#index.lookup(digests);
    return (number) => {
      const piece = find(number);
      return piece !== undefined && this.has(piece) ? piece : undefined;
    };
  }

  has(piece: number): boolean {
    return !this.#copied.has(piece);
  }

  /** Returns whether it was missing until now. */
  delete(piece: number): boolean {
    if (!this.has(piece)) return false;
    this.#copied.add(piece);
    this.#count--;
    return true;
  }

  #add(piece: number, length: number): void {
    if (this.#index.add(piece) !== piece) return;
    this.lengths.add(length);
    this.#count++;
  }
}

/** The length of the pieces of each file with more than one, by its path. */
function pieceLengths({ files, geometry }: Manifest): Map<string, number> {
  const many = files.filter(({ pieceCount }) => pieceCount > 1);
  return new Map(many.map(({ path, firstPiece }) => [path, geometry.length(firstPiece)]));
}

/** A file that cannot be opened holds nothing. */
async function withFile(path: string, body: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, READ).catch(() => undefined);
  try {
    if (handle && (await handle.stat()).isFile()) await body(handle);
  } finally {
    await handle?.close();
  }
}

async function readAt(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const bytes = allocAligned(length);
  const { bytesRead } = await handle
    .read(bytes, 0, length, position)
    .catch(() => ({ bytesRead: 0 }));
  return bytesRead === length ? bytes : undefined;
}
