// One version of a file in the cache: what it is, the bytes that are here, and the
// way of those that are not. A reader gets an open file as the hub has them, but one
// whose reads wait for bytes that are still to come. On disk, all named by the CID:
//   <cid>            the whole file, once it is
//   <cid>.*.part     before that (disk/place/partial-name.ts)
//   <cid>.dag        the inner blocks, which hash up to the CID
// What a restart finds is hashed before it is served.
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { isRawCid, matchesCid } from '../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../content/geometry.ts';
import type { Manifest } from '../content/manifest.ts';
import { resolveManifest } from '../content/resolve.ts';
import { FileStore } from '../disk/file-store.ts';
import { stampOf } from '../disk/file-system/stamp-age.ts';
import { sourceFile } from '../disk/import/source.ts';
import { findPiece } from '../hub/catalogue/block-places.ts';
import type { Entry } from '../hub/catalogue/catalogue.ts';
import type { Segments, Version } from '../root/root.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import type { Emit } from '../telemetry/event.ts';
import { CachedReader } from './cached-reader.ts';
import { Fill } from './fill.ts';
import type { Facts, Origin } from './origin.ts';

/** What is known of a version before its bytes are here. */
export interface Described {
  readonly cid: CID;
  readonly manifest: Manifest;
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** A file that is one piece is its own block, and came with the description. */
  readonly leaf: Uint8Array | undefined;
}

export interface CacheContext {
  readonly directory: string;
  readonly origin: Origin;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Milliseconds for which the origin may send nothing. */
  readonly patienceMs: number;
  /** Most open files; further ones are closed when they have no reader. */
  readonly maxOpenFiles?: number | undefined;
}

/**
 * Describes a version from the disk, or else from the origin; it is hashed either way.
 *
 * @throws SourceFailure, HubswarmError
 */
export async function describeVersion(context: CacheContext, cid: CID): Promise<Described> {
  const { directory, origin, signal } = context;
  const kept = await readDag(join(directory, `${cid}.dag`));
  let leaf: Uint8Array | undefined;
  const getBlock = async (wanted: CID): Promise<Uint8Array> => {
    const found = kept.get(wanted.toString());
    if (found && matchesCid(wanted, found)) return found;
    if (!isRawCid(wanted)) return origin.block(wanted, signal);
    leaf = await readLeaf(join(directory, `${cid}`), wanted);
    leaf ??= await origin.block(wanted, signal);
    return leaf;
  };
  const { manifest, dag } = await resolveManifest(cid, getBlock, { signal, fileOnly: true });
  return { cid, manifest, dag, leaf };
}

interface CachedParts {
  readonly described: Described;
  readonly store: FileStore;
  readonly fill: Fill;
  readonly stampNow: () => string | undefined;
}

type Need = (piece: number, signal: AbortSignal) => Promise<void>;

export class CachedFile {
  readonly cid: string;
  /** Number of readers that have it open; it is not evicted while there are any. */
  readers = 0;
  readonly #parts: CachedParts;
  /** Its one entry, which keeps what is computed for it. */
  readonly entry: Entry;

  private constructor(parts: CachedParts) {
    this.cid = parts.described.cid.toString();
    this.#parts = parts;
    const { cid, manifest } = this;
    // Opens it for its digest, which fetches nothing.
    const open = async () =>
      this.isWhole ? this.#reader([], { modifiedMs: 0 }, async () => undefined) : undefined;
    this.entry = { cid, manifest, open };
  }

  /**
   * @param verifiedStamp of the whole file when this process hashed it.
   * @throws HubswarmError ERR_DISK_FULL, ERR_NOT_PERMITTED
   */
  static async open(
    context: CacheContext,
    described: Described,
    verifiedStamp?: string,
  ): Promise<CachedFile> {
    const { directory, origin, emit, signal, patienceMs } = context;
    const { manifest, cid, leaf } = described;
    const path = join(directory, `${cid}`);
    if (described.dag.size > 0) await writeDag(`${path}.dag`, described.dag);
    const store = await openStore(described, path, verifiedStamp, signal);
    let stamp: string | undefined;
    const publish = async (): Promise<void> => {
      await store.publish();
      stamp = stampOf(await stat(path));
    };
    const finish = async (): Promise<void> => {
      try {
        await publish();
        emit({ event: 'file_cached', cid: `${cid}`, bytes: manifest.geometry.totalLength });
      } catch (error) {
        // The file is served from its partial file all the same.
        emit({ event: 'warned', message: `cache: ${describeError(error)}` });
      }
    };
    const wasWhole = store.have.isFull;
    if (leaf && manifest.geometry.pieceCount > 0) await store.write(0, [leaf]);
    if (store.have.isFull) await (wasWhole ? publish() : finish());
    const fill = new Fill({ store, origin, emit, patienceMs, onWhole: finish });
    return new CachedFile({ described, store, fill, stampNow: () => stamp });
  }

  get isWhole(): boolean {
    return this.#parts.store.have.isFull;
  }

  /** Stamp of the complete file, as it was when it had been hashed. */
  get stamp(): string | undefined {
    return this.#parts.stampNow();
  }

  get manifest(): Manifest {
    return this.#parts.described.manifest;
  }

  /**
   * @param segments names under which it was requested
   * @param facts as the origin gives them
   * @param url URL of its bytes
   */
  open(segments: Segments, facts: Facts, url: URL): CachedReader {
    const { fill } = this.#parts;
    return this.#reader(segments, facts, (piece, signal) => fill.need(piece, url, signal));
  }

  /** A block of it, if it is here. */
  async block(cid: CID): Promise<Uint8Array | undefined> {
    const inner = this.#parts.described.dag.get(cid.toString());
    if (inner || !isRawCid(cid)) return inner;
    const piece = findPiece(this.manifest, cid.multihash.digest);
    if (piece === undefined || !this.#parts.store.have.has(piece)) return undefined;
    return this.#parts.store.read(piece, 0, this.manifest.geometry.length(piece));
  }

  async close(): Promise<void> {
    await this.#parts.fill.stop(new HubswarmError('ERR_ABORTED', 'the cache closes'));
    await this.#parts.store.close();
  }

  /** @param need resolves when a piece is here */
  #reader(segments: Segments, { modifiedMs, executable }: Facts, need: Need): CachedReader {
    const size = this.manifest.geometry.totalLength;
    const facts = { kind: 'file', size, modifiedMs, executable } as const;
    const version: Version = { ...facts, stamp: this.cid, settledMs: 0 };
    this.readers++;
    this.#parts.fill.enter();
    return new CachedReader(segments, version, {
      read: (into, position, signal) => this.#read(into, position, (piece) => need(piece, signal)),
      leave: () => {
        this.readers--;
        this.#parts.fill.leave();
      },
    });
  }

  async #read(
    into: Uint8Array,
    position: number,
    need: (piece: number) => Promise<void>,
  ): Promise<number> {
    const { geometry } = this.manifest;
    const length = Math.min(into.length, geometry.totalLength - position);
    let filled = 0;
    while (filled < length) {
      const piece = geometry.pieceAt(position + filled);
      await need(piece);
      const begin = position + filled - geometry.offset(piece);
      const part = Math.min(length - filled, geometry.length(piece) - begin);
      await this.#parts.store.read(piece, begin, part, into.subarray(filled, filled + part));
      filled += part;
    }
    return filled;
  }
}

/**
 * Opens the store. A file that this process has hashed is hashed again only if its stamp has
 * changed.
 */
async function openStore(
  { manifest }: Described,
  path: string,
  verifiedStamp: string | undefined,
  signal: AbortSignal,
): Promise<FileStore> {
  if (verifiedStamp !== undefined) {
    const stats = await stat(path).catch(() => undefined);
    if (stats && stampOf(stats) === verifiedStamp) {
      return FileStore.share({
        manifest,
        sources: [sourceFile(path, stats)],
        name: '',
        dag: new Map(),
      });
    }
  }
  return FileStore.download(manifest, path, { overwrite: true, signal });
}

async function readDag(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  try {
    const blocks: unknown = JSON.parse(await readFile(path, 'utf8'));
    const entries = Object.entries(blocks as Record<string, string>);
    return new Map(entries.map(([cid, text]) => [cid, Buffer.from(text, 'base64')]));
  } catch {
    // The description is missing or incomplete: the origin has it.
    return new Map();
  }
}

async function writeDag(path: string, dag: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const blocks = [...dag].map(([cid, block]) => [cid, Buffer.from(block).toString('base64')]);
  await writeFile(`${path}.part`, JSON.stringify(Object.fromEntries(blocks)));
  await rename(`${path}.part`, path);
}

async function readLeaf(path: string, cid: CID): Promise<Uint8Array | undefined> {
  try {
    if ((await stat(path)).size > MAX_PIECE_LENGTH) return undefined;
    const bytes = await readFile(path);
    return matchesCid(cid, bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}
