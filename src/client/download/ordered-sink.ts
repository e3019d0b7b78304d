// A sink that takes bytes in order only: a pipe, or a file that grows from its start. Pieces of
// several mirrors come out of order. Early pieces are kept until their turn, within a window that
// bounds the memory.
import { Bitfield } from '../../content/bitfield.ts';
import type { PieceSink } from './piece-sink.ts';

/** Chosen: keeps two fast mirrors busy, and is little beside a process' own memory. */
const WINDOW_BYTES = 32 * 2 ** 20;

export interface OrderedPlace {
  readonly pieceCount: number;
  /** Number of pieces that are there already, from the start. */
  readonly firstPiece?: number;
  /** Whether the bytes are that piece. */
  accepts(piece: number, parts: readonly Uint8Array[]): boolean;
  append(bytes: Uint8Array): Promise<void>;
}

export class OrderedSink implements PieceSink {
  readonly have: Bitfield;
  readonly window: { first: number; readonly bytes: number };
  readonly #place: OrderedPlace;
  /** Good pieces that wait for earlier pieces. */
  readonly #early = new Map<number, Uint8Array>();
  #writing = false;

  constructor(place: OrderedPlace) {
    const { pieceCount, firstPiece = 0 } = place;
    this.#place = place;
    this.have = new Bitfield(pieceCount);
    for (let piece = 0; piece < firstPiece; piece++) this.have.add(piece);
    this.window = { first: firstPiece, bytes: WINDOW_BYTES };
  }

  /** Resolves when the piece was written, or is kept until its turn. */
  async write(piece: number, parts: readonly Uint8Array[]): Promise<boolean> {
    if (!this.#place.accepts(piece, parts)) return false;
    this.have.add(piece);
    if (piece !== this.window.first || this.#writing) {
      this.#early.set(piece, Buffer.concat(parts));
      return true;
    }
    this.#writing = true;
    try {
      for (const part of parts) await this.#place.append(part);
      this.window.first++;
      await this.#writeEarly();
    } finally {
      this.#writing = false;
    }
    return true;
  }

  async #writeEarly(): Promise<void> {
    for (;;) {
      const bytes = this.#early.get(this.window.first);
      if (!bytes) return;
      this.#early.delete(this.window.first);
      await this.#place.append(bytes);
      this.window.first++;
    }
  }
}
