// Some of a store's files as a store by itself: pieces are read through the whole store, so a file
// is lost, and found again, for both at once.
import { Bitfield } from '../content/bitfield.ts';
import type { Manifest } from '../content/manifest.ts';
import { partsMatch } from '../content/parts.ts';
import type { FilePieces, Loss, PieceStore, Return } from '../content/store.ts';

/** What a part needs of the whole store. */
export interface Whole {
  readonly losses: readonly Loss[];
  read(piece: number, begin: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  seekLost(): Promise<void>;
}

export class StorePart implements PieceStore {
  readonly manifest: Manifest;
  readonly have: Bitfield;
  readonly #whole: Whole;
  /** In the whole store. */
  readonly #firstPiece: number;
  readonly #onClose: () => void;
  #tellLoss: ((loss: Loss) => void) | undefined;
  #tellReturns: ((returns: readonly Return[]) => void) | undefined;

  constructor(whole: Whole, manifest: Manifest, firstPiece: number, onClose: () => void) {
    this.manifest = manifest;
    this.#whole = whole;
    this.#firstPiece = firstPiece;
    this.#onClose = onClose;
    this.have = Bitfield.full(manifest.geometry.pieceCount);
    for (const loss of this.losses) this.have.removeRun(loss.first, loss.count);
  }

  /** In its own numbers, if it is a file of its; the whole store tells the user. */
  #own<T extends FilePieces>(each: T): (T & { message: undefined; path: undefined })[] {
    const first = each.first - this.#firstPiece;
    if (first < 0 || first >= this.have.length) return [];
    return [{ ...each, first, message: undefined, path: undefined }];
  }

  get losses(): Loss[] {
    return this.#whole.losses.flatMap((loss) => this.#own(loss));
  }

  handleLoss(loss: Loss): void {
    for (const own of this.#own(loss)) {
      this.have.removeRun(own.first, own.count);
      this.#tellLoss?.(own);
    }
  }

  handleReturns(returns: readonly Return[]): void {
    const own = returns.flatMap((each) => this.#own(each));
    for (const { first, count } of own) this.have.addRun(first, count);
    if (own.length > 0) this.#tellReturns?.(own);
  }

  watchLosses(tell: (loss: Loss) => void): void {
    this.#tellLoss = tell;
  }

  watchReturns(tell: (returns: readonly Return[]) => void): void {
    this.#tellReturns = tell;
  }

  seekLost(): Promise<void> {
    return this.#whole.seekLost();
  }

  read(piece: number, begin: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#whole.read(this.#firstPiece + piece, begin, length, into);
  }

  /** Nothing is missing that could be written. */
  async write(piece: number, parts: readonly Uint8Array[]): Promise<boolean> {
    return this.have.has(piece) && partsMatch(this.manifest, piece, parts);
  }

  async publish(): Promise<undefined> {}

  async close(): Promise<void> {
    this.#onClose();
  }
}
