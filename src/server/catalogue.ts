// What is known of the files below the root: each version's manifest, and with it
// the CID that is its ETag. A version is a path, an inode, a size and the times of
// the last write and of the last change to the inode (the second costs a hashing
// when a file only gets another name or mode, and is what a writer cannot put
// back). A file is hashed when it is first asked for (or by warm-up.ts before that),
// once however many ask, or while it is uploaded; the store remembers it for the next
// run. Memory: 32 bytes a piece, and the inner nodes.
import type { Stats } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import type { Leaves } from '../content/file-dag.ts';
import { importPath } from '../content/import.ts';
import { DIGEST_LENGTH, type Manifest } from '../content/manifest.ts';
import { manifestOfLeaves } from '../content/manifest-of.ts';
import { choosePieceLength } from '../content/piece-length.ts';
import { checkUnchanged } from '../content/source.ts';
import { hasCode } from '../runtime/errors.ts';
import type { CatalogueStore } from './catalogue-store.ts';
import { Gate } from './gate.ts';
import { fileChanging } from './http-failure.ts';
import type { Opened } from './served-root.ts';

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
/** Chosen: a small file need not wait for one big one, and memory stays at 8 MiB each. */
const HASHING_AT_ONCE = 2;
/** Linux stamps files by a clock that ticks every 1 to 10 ms; a tick must pass before a stamp is a name. */
const STAMP_TICK_MS = 20;

/** A version's name. With the time of the last change of the inode, which no writer can put back. */
export function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/**
 * Whether the bytes of an open file are still the same, as far as one can see. Its
 * names and rights may change while it is read: another version has replaced it.
 */
export function isUnchanged(before: Stats, now: Stats): boolean {
  return now.size === before.size && now.mtimeMs === before.mtimeMs && now.ino === before.ino;
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
  readonly #running = new Map<string, Promise<Entry>>();
  readonly #gate = new Gate(HASHING_AT_ONCE);

  constructor(options: CatalogueOptions) {
    this.#pieceLength = options.pieceLength;
    this.#store = options.store;
    this.#signal = options.signal;
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
   * The entry of an open file, hashed now if need be. The handle must stay open.
   *
   * @throws HttpFailure 503 when the file changes meanwhile
   */
  async entryOf(file: Opened): Promise<Entry> {
    const known = this.known(file.path, file.stats);
    if (known) {
      this.#entries.delete(file.path);
      this.#entries.set(file.path, known);
      return known;
    }
    const key = `${stampOf(file.stats)}:${file.path}`;
    let running = this.#running.get(key);
    if (!running) {
      running = this.#find(file).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  /** The pieces that a file of that many bytes is cut into. */
  piecesOf(totalLength: number): Omit<Leaves, 'digests'> {
    return { totalLength, pieceLength: this.#pieceLength ?? choosePieceLength(totalLength) };
  }

  /**
   * The entry of a file that was written here; hashed now unless it was on the way. The
   * handle must stay open.
   *
   * @throws HttpFailure 503 when the file is no longer the one that was written
   */
  async learn(file: Opened, { leaves, sha256 }: Hashed): Promise<Entry> {
    const entry = await (leaves ? this.#learnLeaves(file, leaves) : this.entryOf(file));
    if (sha256) await this.learnDigest(entry, sha256);
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

  async #find(file: Opened): Promise<Entry> {
    const entry = (await this.#recall(file)) ?? (await this.#gate.run(() => this.#hash(file)));
    this.#keep(entry);
    return entry;
  }

  /** From the store, when it has this version. */
  async #recall(file: Opened): Promise<Entry | undefined> {
    // A cache that fails is no reason to fail.
    const hashed = await this.#store?.get(file.path).catch(() => undefined);
    if (hashed?.stamp !== stampOf(file.stats)) return undefined;
    const { pieceLength } = this.piecesOf(file.stats.size);
    if (hashed.pieceLength !== pieceLength) return undefined;
    return { ...(await entryOfLeaves(file, hashed)), sha256: hashed.sha256 };
  }

  async #record({ path, stats }: Opened, leaves: Leaves): Promise<void> {
    await this.#store?.put(path, { stamp: stampOf(stats), ...leaves }).catch(() => undefined);
  }

  async #hash(file: Opened): Promise<Entry> {
    const { path, stats } = file;
    await stampAged(stats);
    try {
      const pieces = this.piecesOf(stats.size);
      const { manifest, dag, sources } = await importPath(path, {
        signal: this.#signal,
        pieceLength: pieces.pieceLength,
      });
      // By path another file may have been read than the one that is open.
      checkUnchanged(sources[0]!, await file.handle.stat());
      if (!isUnchanged(stats, await file.handle.stat())) throw fileChanging();
      await this.#record(file, { ...pieces, digests: manifest.digests });
      return { path, stamp: stampOf(stats), manifest, dag, cid: manifest.root.toString() };
    } catch (error) {
      const gone = hasCode(error, 'ERR_SOURCE_CHANGED') || hasCode(error, 'ERR_NOT_FOUND');
      throw gone ? fileChanging() : error;
    }
  }

  #keep(entry: Entry): void {
    this.#entries.delete(entry.path);
    this.#entries.set(entry.path, entry);
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** Waits until another write would be stamped with another time. */
async function stampAged({ mtimeMs, ctimeMs }: Stats): Promise<void> {
  const age = Date.now() - Math.max(mtimeMs, ctimeMs);
  if (age >= 0 && age < STAMP_TICK_MS) await delay(STAMP_TICK_MS - age);
}

async function entryOfLeaves({ path, stats }: Opened, leaves: Leaves): Promise<Entry> {
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
