// What is known of the files below the root: the manifest of each version, and with it the CID that
// is its ETag. A version is a place and its stamp. On a disk the stamp holds the time of the last
// change to the inode, which no writer can put back; so a file that only gets another name or mode
// is hashed again. A file is hashed while it is uploaded, by warm-up.ts, or at its first request;
// once, however many requests come. Only answers about small files wait for the CID; others go
// without it until it is known. The store remembers it for the next run. Memory: 32 bytes a piece,
// and the inner nodes; of versions used long ago the CID alone.
import type { CID } from 'multiformats/cid';
import type { Leaves } from '../../content/file-dag.ts';
import { MAX_PIECES } from '../../content/geometry.ts';
import type { Manifest } from '../../content/manifest.ts';
import { manifestOfLeaves } from '../../content/manifest-of.ts';
import { choosePieceLength } from '../../content/piece-length.ts';
import { openFile } from '../../root/opened.ts';
import type { Located, OpenFile, Root, Segments } from '../../root/root.ts';
import { settled } from '../../root/version.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { guarded } from '../../runtime/guarded.ts';
import { fileChanging } from '../../runtime/refusal.ts';
import { within } from '../../runtime/within.ts';
import { type BlockPlace, blockPlaces } from './block-places.ts';
import type { CatalogueStore } from './catalogue-store.ts';
import { CidNames } from './cid-names.ts';
import { hashVersion } from './hash-version.ts';
import { HashingQueue } from './hashing-queue.ts';

/** A version whose CID is known. */
export interface Entry {
  readonly cid: string;
  readonly manifest: Manifest;
  /** Digest of the whole file, once a request needed it (file-digest.ts) or an upload named it. */
  sha256?: Uint8Array | undefined;
  /**
   * Opens the file; undefined if it has another version by now, or is incomplete. The caller closes
   * it.
   */
  open(): Promise<OpenFile | undefined>;
}

/** The version of a file below the root. */
export interface FileEntry extends Entry {
  readonly place: Segments;
  readonly stamp: string;
  /** The inner blocks. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
}

/** What the writer of a file knows of it without reading it again. */
export interface Hashed {
  /** Digests of its pieces, cut as piecesOf() says. */
  readonly leaves?: Leaves | undefined;
  /** Digest of the whole file. */
  readonly sha256?: Uint8Array | undefined;
}

/** Most entries in memory. Chosen: about 50 MB with files of a few pieces. */
export const MAX_ENTRIES = 16_384;
/** Longest file whose CID an answer waits for. Chosen: hashing so much takes some 10 ms. */
const MAX_AWAITED_BYTES = 4 * 2 ** 20;
/**
 * Longest wait of an answer for a CID. Chosen: on a slow disk, or behind many other files, the
 * answer goes without it.
 */
const MAX_AWAITED_MS = 1000;

/** A version that is being looked up or hashed. */
interface Running {
  readonly stamp: string;
  /** Its entry from earlier runs, if there is one. */
  readonly recalled: Promise<FileEntry | undefined>;
  readonly found: Promise<FileEntry>;
  cancel(reason: unknown): void;
}

export interface CatalogueOptions {
  readonly root: Root;
  /** Length of every piece; chosen from the file's size if left out. */
  readonly pieceLength?: number | undefined;
  /** Digests from earlier runs. */
  readonly store?: CatalogueStore | undefined;
  readonly signal: AbortSignal;
}

export class Catalogue {
  readonly #root: Root;
  readonly #pieceLength: number | undefined;
  readonly #store: CatalogueStore | undefined;
  readonly #signal: AbortSignal;
  /** Entries by the place's names, in the order of last use. */
  readonly #entries = new Map<string, FileEntry>();
  readonly #cids = new CidNames();
  /** Versions under way, by the place's names: one version of each file. */
  readonly #running = new Map<string, Running>();
  #tell: ((entry: FileEntry) => void) | undefined;
  /** Orders all hashing for this hub. */
  readonly queue = new HashingQueue();

  constructor(options: CatalogueOptions) {
    this.#root = options.root;
    this.#pieceLength = options.pieceLength;
    this.#store = options.store;
    this.#signal = options.signal;
    const cancel = guarded('giving up hashing', () => {
      for (const running of this.#running.values()) running.cancel(this.#signal.reason);
    });
    this.#signal.addEventListener('abort', cancel);
  }

  /** Sets who is told of each version as soon as its CID is known. */
  watch(tell: (entry: FileEntry) => void): void {
    this.#tell = tell;
  }

  /** Number of files whose CID is known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Number of files that are being hashed, or wait for it. */
  get backlog(): number {
    return this.#running.size;
  }

  /** Whether memory is full and there is no store: further digests would be forgotten. */
  get isFull(): boolean {
    return this.#store === undefined && this.#cids.isFull;
  }

  /** The CID of this version, if it has been hashed. */
  cidOf(file: Located): string | undefined {
    return this.known(file)?.cid ?? this.#cids.find(file);
  }

  /** The entry of this version, if it is in memory. */
  known({ place, version }: Located): FileEntry | undefined {
    const entry = this.#entries.get(keyOf(place));
    return entry?.stamp === version.stamp ? entry : undefined;
  }

  /**
   * The entry of a file; undefined if its CID is not known soon. The hashing goes on, and later
   * calls get the entry.
   */
  async nameOf(file: Located): Promise<Entry | undefined> {
    const known = this.#use(file);
    if (known) return known;
    if (this.queue.isFull || this.#signal.aborted) return undefined;
    const { recalled, found } = this.#find(file);
    const soon = file.version.size <= MAX_AWAITED_BYTES ? found : recalled;
    return within(MAX_AWAITED_MS, soon).catch(() => undefined);
  }

  /**
   * The entry of a file, hashed now if need be.
   *
   * @throws Refusal ERR_SOURCE_CHANGED when the file changes meanwhile
   */
  async entryOf(file: Located): Promise<Entry> {
    return this.#use(file) ?? this.#find(file).found;
  }

  /** The pieces that a file of that many bytes is cut into. */
  piecesOf(totalLength: number): Omit<Leaves, 'digests'> {
    return { totalLength, pieceLength: this.#pieceLength ?? choosePieceLength(totalLength) };
  }

  /**
   * The entry of a file that was written here; undefined if it was not hashed on the way and its
   * CID is not known soon.
   *
   * @throws Refusal ERR_SOURCE_CHANGED when the file is no longer the one that was written
   */
  async learn(file: Located, { leaves, sha256 }: Hashed): Promise<Entry | undefined> {
    const entry = await (leaves ? this.#learnLeaves(file, leaves) : this.nameOf(file));
    if (entry && sha256) await this.learnDigest(entry, sha256);
    return entry;
  }

  /** Keeps the digest of the whole file, for the next run too. */
  async learnDigest(entry: Entry, sha256: Uint8Array): Promise<void> {
    entry.sha256 = sha256;
    if (!isOfRoot(entry)) return;
    await this.#store?.putDigest(entry.place, entry.stamp, sha256).catch(() => undefined);
  }

  async #learnLeaves(file: Located, leaves: Leaves): Promise<Entry> {
    await settled(file.version);
    if ((await this.#root.stampAt(file.place)) !== file.version.stamp) throw fileChanging();
    await this.#record(file, leaves);
    return this.#keep(await this.#entryOf(file, leaves));
  }

  /** Every place that may have the block: see blockPlaces(). */
  places(cid: CID, isReadable: (place: Segments) => boolean): Iterable<BlockPlace> {
    return blockPlaces(this.#entries.values(), this.#root, cid, isReadable);
  }

  /** The entry of this version, if known. It becomes the last to be forgotten. */
  #use(file: Located): FileEntry | undefined {
    const known = this.known(file);
    if (known) this.#keep(known);
    return known;
  }

  /**
   * Looks a version up, or hashes it. A newer version of the file ends this work for an older one.
   */
  #find(file: Located): Running {
    const { stamp } = file.version;
    const key = keyOf(file.place);
    const before = this.#running.get(key);
    if (before?.stamp === stamp) return before;
    before?.cancel(fileChanging());
    const ending = new AbortController();
    const recalled = this.#recall(file);
    const found = recalled
      .then(async (entry) => entry ?? this.#hash(file, ending.signal))
      .then((entry) => this.#keep(entry))
      .finally(() => {
        if (this.#running.get(key) === running) this.#running.delete(key);
      });
    // The caller may have gone.
    found.catch(() => undefined);
    const cancel = (reason: unknown): void => ending.abort(reason);
    const running: Running = { stamp, recalled, found, cancel };
    this.#running.set(key, running);
    return running;
  }

  /** The entry from the store, if it has this version. */
  async #recall(file: Located): Promise<FileEntry | undefined> {
    // A store that fails is no reason to fail.
    const hashed = await this.#store?.get(file.place).catch(() => undefined);
    if (hashed?.stamp !== file.version.stamp) return undefined;
    const { pieceLength } = this.piecesOf(file.version.size);
    if (hashed.pieceLength !== pieceLength) return undefined;
    const entry = { ...(await this.#entryOf(file, hashed)), sha256: hashed.sha256 };
    return this.#keep(entry);
  }

  async #record({ place, version }: Located, leaves: Leaves): Promise<void> {
    const { stamp } = version;
    await this.#store?.put(place, { stamp, ...leaves }).catch(() => undefined);
  }

  async #hash(file: Located, signal: AbortSignal): Promise<FileEntry> {
    const { place, version } = file;
    const pieces = this.piecesOf(version.size);
    if (pieces.totalLength > pieces.pieceLength * MAX_PIECES) {
      throw new HubswarmError(
        'ERR_MANIFEST',
        `${keyOf(place)}: makes more than ${MAX_PIECES} pieces`,
      );
    }
    await settled(version);
    const leaves = await this.queue.run(version.size, signal, (turn) =>
      hashVersion(this.#root, file, pieces, turn),
    );
    await this.#record(file, leaves);
    return this.#entryOf(file, leaves);
  }

  async #entryOf({ place, version }: Located, leaves: Leaves): Promise<FileEntry> {
    const { manifest, dag } = await manifestOfLeaves(leaves);
    const { stamp } = version;
    const open = () => openVersion(this.#root, place, stamp);
    return { place, stamp, manifest, dag, cid: manifest.root.toString(), open };
  }

  #keep(entry: FileEntry): FileEntry {
    const { place, stamp, cid } = entry;
    const key = keyOf(place);
    // One that is only used again is noted, and was told, already.
    if (this.#entries.get(key) !== entry) {
      this.#cids.note({ place, version: { stamp } }, cid);
      this.#tell?.(entry);
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    forgetOldest(this.#entries, MAX_ENTRIES);
    return entry;
  }
}

/** The key of a place. No name holds a slash. */
const keyOf = (place: Segments): string => place.join('/');

const isOfRoot = (entry: Entry): entry is FileEntry => 'place' in entry;

async function openVersion(
  root: Root,
  place: Segments,
  stamp: string,
): Promise<OpenFile | undefined> {
  const file = await openFile(root, place);
  if (file.version.stamp === stamp) return file;
  await file.close();
  return undefined;
}
