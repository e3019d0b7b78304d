// A verified piece store over a file of a hub's root: the manifest is the catalogue's, the bytes are
// read where the file lies. One version of the file is served, wherever it lies. While it is found
// nowhere, or is another version, all its pieces are lost. It is only read.
import { Bitfield } from '../content/bitfield.ts';
import type { Manifest } from '../content/manifest.ts';
import { stillMatches } from '../content/parts.ts';
import {
  checkRange,
  LOSS_WORDS,
  type Loss,
  type LossReason,
  type PieceStore,
  type Return,
} from '../content/store.ts';
import { lossError, lossReasonOf } from '../disk/file-system/loss-reason.ts';
import type { Entry } from '../hub/catalogue/catalogue.ts';
import { readFully } from '../root/opened.ts';
import type { OpenFile } from '../root/root.ts';
import type { Cancel, Timers } from '../runtime/clock.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { unawaited } from '../runtime/guarded.ts';
import { invariant } from '../runtime/invariant.ts';
import { allocAligned } from '../runtime/node/aligned-buffer.ts';

/** How long a file stays open after a read. Chosen. */
const IDLE_MS = 10_000;

export interface RootStoreInit {
  /** For a person. */
  readonly name: string;
  readonly manifest: Manifest;
  /** The places where the version was at last. */
  readonly places: () => Iterable<Pick<Entry, 'open'>>;
  readonly clock: Timers;
  readonly onClosed: () => void;
}

export class RootStore implements PieceStore {
  readonly manifest: Manifest;
  readonly have: Bitfield;
  readonly #init: RootStoreInit;
  #file: Promise<OpenFile> | undefined;
  #closeSoon: Cancel = () => {};
  #reads = 0;
  #loss: Loss | undefined;
  #tellLoss: ((loss: Loss) => void) | undefined;
  #tellReturns: ((returns: readonly Return[]) => void) | undefined;

  constructor(init: RootStoreInit) {
    this.#init = init;
    this.manifest = init.manifest;
    this.have = Bitfield.full(init.manifest.geometry.pieceCount);
  }

  watchLosses(tell: (loss: Loss) => void): void {
    this.#tellLoss = tell;
  }

  watchReturns(tell: (returns: readonly Return[]) => void): void {
    this.#tellReturns = tell;
  }

  get losses(): readonly Loss[] {
    return this.#loss ? [this.#loss] : [];
  }

  /** One of its places may have the version again. */
  async seekLost(): Promise<void> {
    if (!this.#loss) return;
    const file = await this.#open().catch(() => undefined);
    if (file) this.regain();
    await file?.close();
  }

  async read(
    piece: number,
    begin: number,
    length: number,
    into: Uint8Array = allocAligned(length),
  ): Promise<Uint8Array> {
    const { geometry } = this.manifest;
    checkRange(this.manifest, piece, begin, length, into);
    if (this.#loss) throw errorOf(this.#loss);
    this.#closeSoon();
    this.#reads++;
    try {
      this.#file ??= this.#open();
      const file = await this.#file;
      await readFully(file, into, geometry.offset(piece) + begin);
      // Asked after the read: an earlier write to the file shows now.
      if (!(await file.isCurrent())) await this.#check(file, piece, into);
      return into;
    } catch (error) {
      unawaited('closing a file', this.#closeFile());
      const reason = lossReasonOf(error);
      if (reason === undefined) throw error;
      this.lose(reason);
      throw errorOf(this.#loss!);
    } finally {
      this.#reads--;
      if (this.#reads === 0) this.#closeWhenIdle();
    }
  }

  /** Takes all pieces back. */
  lose(reason: LossReason): void {
    const { pieceCount } = this.manifest.geometry;
    if (pieceCount === 0 || this.#loss?.reason === reason) return;
    const message = `${this.#init.name} ${LOSS_WORDS[reason]}`;
    this.#loss = { first: 0, count: pieceCount, reason, message };
    for (let piece = 0; piece < pieceCount; piece++) this.have.remove(piece);
    unawaited('closing a file', this.#closeFile());
    this.#tellLoss?.(this.#loss);
  }

  /** All pieces are here again. */
  regain(): void {
    if (!this.#loss) return;
    const { first, count } = this.#loss;
    this.#loss = undefined;
    this.have.addRun(first, count);
    this.#tellReturns?.([{ first, count, path: this.#init.name }]);
  }

  async write(): Promise<boolean> {
    invariant(false, "a hub's file is only read");
  }

  async publish(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#init.onClosed();
    this.#closeSoon();
    await this.#closeFile();
  }

  async #open(): Promise<OpenFile> {
    let reason: unknown = new HubswarmError('ERR_NOT_FOUND', 'it is nowhere');
    for (const place of this.#init.places()) {
      try {
        const file = await place.open();
        if (file) return file;
        reason = new HubswarmError('ERR_SOURCE_CHANGED', 'it is another version');
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  }

  /** Hashes a piece of a file whose inode was changed: its mode or name was, or its bytes were. */
  async #check(file: OpenFile, piece: number, read: Uint8Array): Promise<void> {
    const readWhole = (into: Uint8Array) =>
      readFully(file, into, this.manifest.geometry.offset(piece));
    if (await stillMatches(this.manifest, piece, read, readWhole)) return;
    throw new HubswarmError('ERR_SOURCE_CHANGED', 'a piece has other bytes');
  }

  #closeWhenIdle(): void {
    this.#closeSoon = this.#init.clock.after(IDLE_MS, 'closing an idle file', () =>
      unawaited('closing an idle file', this.#closeFile()),
    );
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await (await file?.catch(() => undefined))?.close();
  }
}

const errorOf = ({ reason, message = '' }: Loss): HubswarmError => lossError(reason, message);
