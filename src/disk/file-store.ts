// The verified piece store on disk, for a file shared where it is and for a download. Pieces map to
// files by arithmetic. The place (place/) decides how to resume and how the
// content gets its final name.
import { fstatSync } from 'node:fs';
import type { FileAttributes } from '../content/attributes.ts';
import { Bitfield } from '../content/bitfield.ts';
import { fileOfPiece, type Manifest } from '../content/manifest.ts';
import { partsMatch, stillMatches } from '../content/parts.ts';
import { checkRange, type Loss, type PieceStore, type Return } from '../content/store.ts';
import { describeError, fileError, HubswarmError, notWhole } from '../runtime/errors.ts';
import { invariant } from '../runtime/invariant.ts';
import { allocAligned } from '../runtime/node/aligned-buffer.ts';
import type { Handle } from './file-system/file-calls.ts';
import { KeptOpen } from './file-system/kept-open.ts';
import { lossError, lossReasonOf } from './file-system/loss-reason.ts';
import { isZero } from './file-system/write-at-end.ts';
import type { Imported } from './import/import.ts';
import { checkUnchanged, type SourceFile } from './import/source.ts';
import { LostFiles } from './lost-files.ts';
import { checkPieces } from './place/check-files.ts';
import { DownloadPlace } from './place/download-place.ts';
import { type Place, SharedPlace } from './place/place.ts';
import { StorePart } from './store-part.ts';

/** Chosen: far below the common limit of 1024 descriptors, which sockets need too. */
const MOST_OPEN_FILES = 64;

export interface DownloadOptions {
  /** Whether to replace a target with other bytes, at publish. */
  readonly overwrite?: boolean;
  /** Of a single file, to be kept with it. */
  readonly attributes?: FileAttributes | undefined;
  /** Told a directory that holds what was at the target and is not part of the download. */
  readonly onPutAside?: ((path: string) => void) | undefined;
  readonly signal?: AbortSignal;
  /** Called with the bytes hashed so far while a partial or target found on disk is checked. */
  readonly onVerified?: (bytes: number) => void;
}

export class FileStore implements PieceStore {
  readonly manifest: Manifest;
  readonly have: Bitfield;
  readonly #place: Place;
  readonly #files: KeptOpen<number, Handle>;
  readonly #lost = new LostFiles();
  /** Files that were lost and came back, as they are now. */
  readonly #returned = new Map<number, SourceFile>();
  #seeking: Promise<void> | undefined;
  readonly #parts = new Set<StorePart>();
  #tellLoss: ((loss: Loss) => void) | undefined;
  #tellReturns: ((returns: readonly Return[]) => void) | undefined;

  private constructor(manifest: Manifest, place: Place, have: Bitfield) {
    this.manifest = manifest;
    this.have = have;
    this.#place = place;
    this.#files = new KeptOpen((file) => place.open(file), MOST_OPEN_FILES);
  }

  /** A store over imported files, where they lie; nothing is copied. */
  static share({ manifest, sources }: Imported): FileStore {
    const have = Bitfield.full(manifest.geometry.pieceCount);
    return new FileStore(manifest, new SharedPlace(sources), have);
  }

  /**
   * A store for content on its way to `target`, with every piece that is on disk already.
   *
   * @throws HubswarmError ERR_EXISTS (the target has other bytes), ERR_NOT_FOUND (no parent
   * directory), ERR_NOT_PERMITTED, ERR_DISK_FULL
   */
  static async download(
    manifest: Manifest,
    target: string,
    options: DownloadOptions = {},
  ): Promise<FileStore> {
    const place = new DownloadPlace(manifest, target, options);
    let hashed = 0;
    const onHashed = (bytes: number): void => {
      hashed += bytes;
      options.onVerified?.(hashed);
    };
    const check = { signal: options.signal, onHashed };
    const state = await place.prepare(check);
    const { pieceCount } = manifest.geometry;
    const have = state === 'whole' ? Bitfield.full(pieceCount) : new Bitfield(pieceCount);
    const store = new FileStore(manifest, place, have);
    if (state === 'found') {
      hashed = 0;
      await store.#resume(check);
    }
    return store;
  }

  /** Whether the content has its final name: after publish(), or already before the download. */
  get isPublished(): boolean {
    return this.#place.sources !== undefined;
  }

  /** The files as they were hashed, once they have their final names. */
  get sources(): readonly SourceFile[] | undefined {
    return this.#place.sources;
  }

  get losses(): Loss[] {
    return this.#lost.losses;
  }

  subset(manifest: Manifest, firstFile: number): StorePart | undefined {
    if (!this.isPublished) return undefined;
    const firstPiece = this.manifest.files[firstFile]?.firstPiece ?? 0;
    const part = new StorePart(this, manifest, firstPiece, () => this.#parts.delete(part));
    this.#parts.add(part);
    return part;
  }

  watchLosses(tell: (loss: Loss) => void): void {
    this.#tellLoss = tell;
  }

  watchReturns(tell: (returns: readonly Return[]) => void): void {
    this.#tellReturns = tell;
  }

  async read(
    piece: number,
    begin: number,
    length: number,
    into: Uint8Array = allocAligned(length),
  ): Promise<Uint8Array> {
    checkRange(this.manifest, piece, begin, length, into);
    const file = fileOfPiece(this.manifest, piece);
    if (!this.have.has(piece)) throw this.#notHere(file, piece);
    try {
      return await this.#readPart(file, piece, begin, into);
    } catch (error) {
      this.#noteLoss(file, piece, error);
      throw error;
    }
  }

  #readPart(file: number, piece: number, begin: number, into: Uint8Array): Promise<Uint8Array> {
    return this.#attempt(file, async (handle) => {
      const source = this.#returned.get(file) ?? this.#place.sources?.[file];
      if (source) checkUnchanged(source, fstatSync(handle.fd));
      const { bytesRead } = await handle.read(
        into,
        0,
        into.length,
        this.#offset(file, piece) + begin,
      );
      if (source) {
        // Check after the read: an earlier write to the file would show now.
        const now = fstatSync(handle.fd);
        checkUnchanged(source, now);
        if (now.ctimeMs !== source.ctimeMs) await this.#checkPiece(file, piece, into, handle);
      }
      if (bytesRead === into.length) return into;
      throw new HubswarmError('ERR_SOURCE_CHANGED', `${this.#place.path(file)}: became shorter`);
    });
  }

  /**
   * Hashes a piece of a file whose inode was changed: its mode was, or its bytes were and its time
   * was put back.
   */
  async #checkPiece(file: number, piece: number, read: Uint8Array, handle: Handle): Promise<void> {
    const readWhole = (into: Uint8Array) =>
      handle.read(into, 0, into.length, this.#offset(file, piece));
    if (await stillMatches(this.manifest, piece, read, readWhole)) return;
    const path = this.#place.path(file);
    throw new HubswarmError('ERR_SOURCE_CHANGED', `${path}: changed, and its time was put back`);
  }

  /** The file is lost, or it is a mistake of the caller's. */
  #notHere(file: number, piece: number): HubswarmError {
    const lost = this.#lost.get(file);
    invariant(lost, `piece ${piece} is not here`);
    return lossError(lost.loss.reason, `${this.#place.path(file)}: is served no more`);
  }

  /**
   * A source that cannot be read, or is another file: none of its pieces is to be had any more. One
   * that was gone, and is another file when it is back, is told of again.
   */
  #noteLoss(file: number, piece: number, error: unknown): void {
    const reason = this.#place.sources && lossReasonOf(error);
    if (reason === undefined) return;
    const known = this.#lost.get(file);
    if (known && (known.loss.reason === 'changed' || reason !== 'changed')) return;
    const { firstPiece: first, pieceCount: count } = this.manifest.files[file]!;
    const loss = { first, count, reason, message: describeError(error) };
    this.have.removeRun(first, count);
    this.#lost.set(file, { loss, piece });
    this.#tellLoss?.(loss);
    for (const part of this.#parts) part.handleLoss(loss);
  }

  seekLost(): Promise<void> {
    this.#seeking ??= this.#seekLost().finally(() => {
      this.#seeking = undefined;
    });
    return this.#seeking;
  }

  async #seekLost(): Promise<void> {
    const back = await this.#lost.seek((file, { piece }) => this.#isBack(file, piece));
    const returns = back.map(({ loss: { first, count } }) => {
      this.have.addRun(first, count);
      return { first, count, path: this.#place.path(fileOfPiece(this.manifest, first)) };
    });
    if (returns.length === 0) return;
    this.#tellReturns?.(returns);
    for (const part of this.#parts) part.handleReturns(returns);
  }

  /**
   * Whether a lost file is what it was: by its size and time, and by the bytes of the piece that
   * could not be read. Another inode number may be that of a file system that was mounted again.
   * From then on each piece of it is hashed when it is read.
   */
  async #isBack(file: number, piece: number): Promise<boolean> {
    const was = this.#place.sources![file]!;
    try {
      await this.#files.reopen(file);
      const { ino } = await this.#attempt(file, async ({ fd }) => fstatSync(fd));
      this.#returned.set(file, { ...was, ino, ctimeMs: Number.NaN });
      const bytes = allocAligned(this.manifest.geometry.length(piece));
      await this.#readPart(file, piece, 0, bytes);
      return true;
    } catch (error) {
      this.#noteLoss(file, piece, error);
      return false;
    }
  }

  async write(piece: number, parts: readonly Uint8Array[]): Promise<boolean> {
    if (!partsMatch(this.manifest, piece, parts)) return false;
    if (this.have.has(piece)) return true;
    const file = fileOfPiece(this.manifest, piece);
    const length = this.manifest.geometry.length(piece);
    await this.#attempt(file, async (handle) => {
      // A hole stays one, so that a sparse file takes no more room than where it came from.
      if (!this.#place.readsZeros?.(file) || !parts.every(isZero)) {
        const { bytesWritten } = await handle.writev(parts, this.#offset(file, piece));
        if (bytesWritten !== length) throw notWhole(this.#place.path(file));
      }
      if (this.manifest.files[file]!.pieceCount === 1)
        await this.#place.handleWhole?.(file, handle);
    });
    this.have.add(piece);
    return true;
  }

  async publish(): Promise<string | undefined> {
    invariant(this.have.isFull, 'published before it was whole');
    if (!(this.#place instanceof DownloadPlace)) return undefined;
    return this.#place.publish((file, body) => this.#attempt(file, body));
  }

  async close(): Promise<void> {
    await this.#files.close();
    await this.#place.close?.();
  }

  /** Marks the pieces that the partial file really holds. */
  async #resume(check: Parameters<typeof checkPieces>[3]): Promise<void> {
    try {
      for (const [index, file] of this.manifest.files.entries()) {
        const path = this.#place.path(index);
        await this.#attempt(index, (handle) =>
          checkPieces(
            this.manifest,
            { path, handle, file },
            (piece, matches) => {
              if (matches) this.have.add(piece);
              return true;
            },
            check,
          ),
        );
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Where a piece begins in its file. */
  #offset(file: number, piece: number): number {
    const { geometry, files } = this.manifest;
    return geometry.offset(piece) - geometry.offset(files[file]!.firstPiece);
  }

  async #attempt<T>(file: number, body: (handle: Handle) => Promise<T>): Promise<T> {
    try {
      return await this.#files.use(file, body);
    } catch (error) {
      throw fileError(error, this.#place.path(file));
    }
  }
}
