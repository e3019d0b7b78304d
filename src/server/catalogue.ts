// What is known of the files below the root: each version's manifest, and with it
// the CID that is its ETag. A version is a path, an inode, a size and the times of
// the last write and of the last change to the inode (the second costs a hashing
// when a file only gets another name or mode, and is what a writer cannot put
// back). A file is hashed when it is first asked for (or by warm-up.ts before
// that), once however many ask. Memory: 32 bytes a piece, and the inner nodes.
import type { Stats } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';

import { importPath } from '../content/import.ts';
import { DIGEST_LENGTH, type Manifest } from '../content/manifest.ts';
import { checkUnchanged } from '../content/source.ts';
import { hasCode } from '../runtime/errors.ts';
import { Gate } from './gate.ts';
import { HttpFailure } from './http-failure.ts';
import type { Opened } from './served-root.ts';

export interface Entry {
  /** Absolute, real. */
  readonly path: string;
  readonly stamp: string;
  readonly manifest: Manifest;
  /** The inner blocks. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  readonly cid: string;
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

export class Catalogue {
  readonly #pieceLength: number | undefined;
  readonly #signal: AbortSignal;
  /** By path, in the order of last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<Entry>>();
  readonly #gate = new Gate(HASHING_AT_ONCE);

  constructor(options: { pieceLength?: number | undefined; signal: AbortSignal }) {
    this.#pieceLength = options.pieceLength;
    this.#signal = options.signal;
  }

  get isFull(): boolean {
    return this.#entries.size >= MAX_ENTRIES;
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
      running = this.#gate.run(() => this.#hash(file)).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  /** Every place that may still have a block: a file can have changed since. */
  *places(cid: CID): Generator<BlockPlace> {
    const name = cid.toString();
    const digest = cid.multihash.digest;
    for (const entry of this.#entries.values()) {
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

  async #hash(file: Opened): Promise<Entry> {
    const age = Date.now() - file.stats.mtimeMs;
    if (age >= 0 && age < STAMP_TICK_MS) await delay(STAMP_TICK_MS - age);
    try {
      const { manifest, dag, sources } = await importPath(file.path, {
        signal: this.#signal,
        ...(this.#pieceLength === undefined ? {} : { pieceLength: this.#pieceLength }),
      });
      // By path another file may have been read than the one that is open.
      checkUnchanged(sources[0]!, await file.handle.stat());
      const { path, stats } = file;
      const entry = { path, stamp: stampOf(stats), manifest, dag, cid: manifest.root.toString() };
      if (!isUnchanged(stats, await file.handle.stat())) throw changing();
      this.#keep(entry);
      return entry;
    } catch (error) {
      const gone = hasCode(error, 'ERR_SOURCE_CHANGED') || hasCode(error, 'ERR_NOT_FOUND');
      throw gone ? changing() : error;
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

/** Which piece has this digest: a search through bytes needs no index in memory. */
export function findPiece({ digests }: Manifest, digest: Uint8Array): number | undefined {
  const all = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
  let at = all.indexOf(digest);
  while (at >= 0 && at % DIGEST_LENGTH !== 0) at = all.indexOf(digest, at + 1);
  return at < 0 ? undefined : at / DIGEST_LENGTH;
}

function changing(): HttpFailure {
  return new HttpFailure(503, 'the file is being changed; try again', { 'Retry-After': '1' });
}
