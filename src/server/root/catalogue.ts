// What is known of the files below the root: each version's manifest, and with it
// the CID that is its ETag. A version is a path, an inode, a size and the times of
// the last write and of the last change to the inode (the second costs a hashing
// when a file only gets another name or mode, and is what a writer cannot put
// back). A file is hashed while it is uploaded, by warm-up.ts, or when it is first asked
// for, once however many ask. Answers wait for it only where it takes a moment: whoever
// asks for bytes gets them without a name until it is known. The store remembers it for
// the next run. Memory: 32 bytes a piece, and the inner nodes.
import type { Stats } from 'node:fs';
import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import type { Leaves } from '../../content/file-dag.ts';
import { MAX_PIECES } from '../../content/geometry.ts';
import { DIGEST_LENGTH, type Manifest } from '../../content/manifest.ts';
import { manifestOfLeaves } from '../../content/manifest-of.ts';
import { choosePieceLength } from '../../content/piece-length.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { fileChanging } from '../../runtime/refusal.ts';
import { within } from '../../runtime/within.ts';
import type { CatalogueStore } from './catalogue-store.ts';
import { hashVersion } from './hash-version.ts';
import { HashingQueue } from './hashing-queue.ts';
import type { Opened } from './served-root.ts';
import { type StampedFile, stampAged, stampOf } from './stamp.ts';

export interface Entry {
  /** Absolute, real. */
  readonly path: string;
  readonly stamp: string;
  readonly manifest: Manifest;
  /** The inner blocks. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  readonly cid: string;
  /** Of the whole file, once somebody asked for it (file-digest.ts) or said it with an upload. */
  sha256?: Uint8Array | undefined;
}

/** What is known of a file from the bytes that it was written from. */
export interface Hashed {
  /** By piecesOf(). */
  readonly leaves?: Leaves | undefined;
  /** Of the whole. */
  readonly sha256?: Uint8Array | undefined;
}

/** Where a block is: at hand, or a piece of a file. */
export type BlockPlace = { readonly bytes: Uint8Array } | { readonly entry: Entry; piece: number };

/** Chosen: with an average file of a few pieces about 50 MB. */
const MAX_ENTRIES = 16_384;
/** Chosen: hashing so much takes some 10 ms, so an answer waits for it. */
const MAX_AWAITED_BYTES = 4 * 2 ** 20;
/** Chosen: on a slow disk, or behind many others, an answer goes without the name. */
const MAX_AWAITED_MS = 1000;

/** A version whose name is being found. */
interface Running {
  readonly stamp: string;
  /** What earlier runs know of it. */
  readonly recalled: Promise<Entry | undefined>;
  readonly found: Promise<Entry>;
  cancel(reason: unknown): void;
}

export interface CatalogueOptions {
  /** Of every file; by its size unless given. */
  readonly pieceLength?: number | undefined;
  /** What earlier runs hashed. */
  readonly store?: CatalogueStore | undefined;
  readonly signal: AbortSignal;
}

export class Catalogue {
  readonly #pieceLength: number | undefined;
  readonly #store: CatalogueStore | undefined;
  readonly #signal: AbortSignal;
  /** By path, in the order of last use. */
  readonly #entries = new Map<string, Entry>();
  /** By path: of each file one version. */
  readonly #running = new Map<string, Running>();
  /** Of all that is hashed for this hub. */
  readonly queue = new HashingQueue();

  constructor(options: CatalogueOptions) {
    this.#pieceLength = options.pieceLength;
    this.#store = options.store;
    this.#signal = options.signal;
    const cancel = guarded('giving up hashing', () => {
      for (const running of this.#running.values()) running.cancel(this.#signal.reason);
    });
    this.#signal.addEventListener('abort', cancel);
  }

  /** Files whose CID is known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Files that are being hashed, or wait for it. */
  get backlog(): number {
    return this.#running.size;
  }

  /** Hashing more would be forgotten: there is no room in memory, and no store. */
  get isFull(): boolean {
    return this.#store === undefined && this.#entries.size >= MAX_ENTRIES;
  }

  /** The entry of this version, if it has been hashed. */
  known(path: string, stats: Stats): Entry | undefined {
    const entry = this.#entries.get(path);
    return entry?.stamp === stampOf(stats) ? entry : undefined;
  }

  /**
   * The entry of a file; undefined when its CID is not to be had soon. It is looked for
   * beside, and known to later calls.
   */
  async nameOf(file: StampedFile): Promise<Entry | undefined> {
    const known = this.#use(file);
    if (known) return known;
    if (this.queue.isFull || this.#signal.aborted) return undefined;
    const { recalled, found } = this.#find(file);
    const soon = file.stats.size <= MAX_AWAITED_BYTES ? found : recalled;
    return within(MAX_AWAITED_MS, soon).catch(() => undefined);
  }

  /**
   * The entry of a file, hashed now if need be.
   *
   * @throws Refusal ERR_SOURCE_CHANGED when the file changes meanwhile
   */
  async entryOf(file: StampedFile): Promise<Entry> {
    return this.#use(file) ?? this.#find(file).found;
  }

  /** The pieces that a file of that many bytes is cut into. */
  piecesOf(totalLength: number): Omit<Leaves, 'digests'> {
    return { totalLength, pieceLength: this.#pieceLength ?? choosePieceLength(totalLength) };
  }

  /**
   * The entry of a file that was written here; undefined when it was not hashed on the way
   * and is not soon. The handle must stay open.
   *
   * @throws Refusal ERR_SOURCE_CHANGED when the file is no longer the one that was written
   */
  async learn(file: Opened, { leaves, sha256 }: Hashed): Promise<Entry | undefined> {
    const entry = await (leaves ? this.#learnLeaves(file, leaves) : this.nameOf(file));
    if (entry && sha256) await this.learnDigest(entry, sha256);
    return entry;
  }

  /** Keeps the digest of the whole file, for the next run too. */
  async learnDigest(entry: Entry, sha256: Uint8Array): Promise<void> {
    entry.sha256 = sha256;
    await this.#store?.putDigest(entry.path, entry.stamp, sha256).catch(() => undefined);
  }

  async #learnLeaves(file: Opened, leaves: Leaves): Promise<Entry> {
    await stampAged(file.stats);
    const now = await file.handle.stat();
    if (stampOf(now) !== stampOf(file.stats) || now.nlink === 0) throw fileChanging();
    await this.#record(file, leaves);
    const entry = await entryOfLeaves(file, leaves);
    this.#keep(entry);
    return entry;
  }

  /**
   * Every place that may still have a block: a file can have changed since.
   *
   * @param isReadable whether whoever asks may read the file at that real path
   */
  *places(cid: CID, isReadable: (path: string) => boolean): Generator<BlockPlace> {
    const name = cid.toString();
    const digest = cid.multihash.digest;
    for (const entry of this.#entries.values()) {
      if (!isReadable(entry.path)) continue;
      const bytes = entry.dag.get(name);
      if (bytes) yield { bytes };
      if (cid.code !== raw.code) continue;
      if (entry.cid === name) yield { entry, piece: 0 };
      else {
        const piece = findPiece(entry.manifest, digest);
        if (piece !== undefined) yield { entry, piece };
      }
    }
  }

  /** Known: and the last to be forgotten now. */
  #use({ path, stats }: StampedFile): Entry | undefined {
    const known = this.known(path, stats);
    if (known) this.#keep(known);
    return known;
  }

  /** A newer version of the file ends the search for an older one. */
  #find(file: StampedFile): Running {
    const { path, stats } = file;
    const stamp = stampOf(stats);
    const before = this.#running.get(path);
    if (before?.stamp === stamp) return before;
    before?.cancel(fileChanging());
    const ending = new AbortController();
    const recalled = this.#recall(file);
    const found = recalled
      .then(async (entry) => entry ?? this.#hash(file, ending.signal))
      .then((entry) => this.#keep(entry))
      .finally(() => {
        if (this.#running.get(path) === running) this.#running.delete(path);
      });
    // Whoever asked may have gone.
    found.catch(() => undefined);
    const cancel = (reason: unknown): void => ending.abort(reason);
    const running: Running = { stamp, recalled, found, cancel };
    this.#running.set(path, running);
    return running;
  }

  /** From the store, when it has this version. */
  async #recall(file: StampedFile): Promise<Entry | undefined> {
    // A cache that fails is no reason to fail.
    const hashed = await this.#store?.get(file.path).catch(() => undefined);
    if (hashed?.stamp !== stampOf(file.stats)) return undefined;
    const { pieceLength } = this.piecesOf(file.stats.size);
    if (hashed.pieceLength !== pieceLength) return undefined;
    const entry = { ...(await entryOfLeaves(file, hashed)), sha256: hashed.sha256 };
    return this.#keep(entry);
  }

  async #record({ path, stats }: StampedFile, leaves: Leaves): Promise<void> {
    await this.#store?.put(path, { stamp: stampOf(stats), ...leaves }).catch(() => undefined);
  }

  async #hash(file: StampedFile, signal: AbortSignal): Promise<Entry> {
    const { path, stats } = file;
    const pieces = this.piecesOf(stats.size);
    if (pieces.totalLength > pieces.pieceLength * MAX_PIECES) {
      throw new HubswarmError('ERR_MANIFEST', `${path}: makes more than ${MAX_PIECES} pieces`);
    }
    await stampAged(stats);
    const leaves = await this.queue.run(stats.size, signal, (turn) =>
      hashVersion(file, pieces, turn),
    );
    await this.#record(file, leaves);
    return entryOfLeaves(file, leaves);
  }

  #keep(entry: Entry): Entry {
    this.#entries.delete(entry.path);
    this.#entries.set(entry.path, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

async function entryOfLeaves({ path, stats }: StampedFile, leaves: Leaves): Promise<Entry> {
  const { manifest, dag } = await manifestOfLeaves(leaves);
  return { path, stamp: stampOf(stats), manifest, dag, cid: manifest.root.toString() };
}

/** Which piece has this digest: a search through bytes needs no index in memory. */
export function findPiece({ digests }: Manifest, digest: Uint8Array): number | undefined {
  const all = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
  let at = all.indexOf(digest);
  while (at >= 0 && at % DIGEST_LENGTH !== 0) at = all.indexOf(digest, at + 1);
  return at < 0 ? undefined : at / DIGEST_LENGTH;
}
