// Makes copies of pieces that are here wherever the content has the same bytes again, so that these
// are not fetched. One piece at a time is in memory.
import type { EqualPieces } from '../content/equal-pieces.ts';
import type { PieceStore } from '../content/store.ts';
import { unawaited } from '../runtime/guarded.ts';

export interface PieceCopiesInit {
  readonly equals: EqualPieces;
  readonly store: PieceStore;
  /** Called when a copy is verified and stored. */
  readonly onCopied: (piece: number) => void;
  /** Called when what was read back is not the piece any more: it must be fetched. */
  readonly onRefused: (piece: number) => void;
  /** Called when the disk failed. */
  readonly onFailed: (error: unknown) => void;
}

export class PieceCopies {
  readonly #init: PieceCopiesInit;
  /** Pieces that are here and have equals. */
  readonly #waiting: number[] = [];
  #isCopying = false;
  #closed = false;

  constructor(init: PieceCopiesInit) {
    this.#init = init;
  }

  /** Copies what is here already. */
  start(): void {
    const { have } = this.#init.store;
    for (const group of this.#init.equals.groups) {
      const here = group.find((piece) => have.has(piece));
      if (here !== undefined) this.note(here);
    }
  }

  /** Must be called with each piece that was stored. */
  note(piece: number): void {
    if (!this.#init.equals.of(piece)) return;
    this.#waiting.push(piece);
    if (this.#isCopying) return;
    this.#isCopying = true;
    unawaited('copying pieces', this.#copyAll());
  }

  close(): void {
    this.#closed = true;
  }

  async #copyAll(): Promise<void> {
    try {
      for (let piece = this.#waiting.pop(); piece !== undefined; piece = this.#waiting.pop()) {
        await this.#copy(piece);
      }
    } catch (error) {
      this.#init.onFailed(error);
    } finally {
      this.#isCopying = false;
    }
  }

  async #copy(piece: number): Promise<void> {
    const { equals, store, onCopied, onRefused } = this.#init;
    const lacking = equals.of(piece)!.filter((each) => !store.have.has(each));
    if (lacking.length === 0) return;
    const bytes = await store.read(piece, 0, store.manifest.geometry.length(piece));
    for (const each of lacking) {
      if (this.#closed) return;
      if (store.have.has(each)) continue;
      if (await store.write(each, [bytes])) onCopied(each);
      else onRefused(each);
    }
  }
}
