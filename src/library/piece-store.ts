import type { Bitfield } from '../content/bitfield.ts';

/** Where verified pieces of one manifest are written, and read from. */
export interface PieceStore {
  /** The pieces that are here and verified. It grows as pieces are written. */
  readonly have: Bitfield;

  /**
   * Reads bytes [begin, begin + length) of a piece that is here.
   *
   * @param into takes the bytes, if given, and has that length
   */
  read(piece: number, begin: number, length: number, into?: Uint8Array): Promise<Uint8Array>;

  /**
   * Hashes a piece, given as consecutive parts, and writes it if it matches. Resolves to false, with
   * nothing written, if it does not match.
   */
  write(piece: number, parts: readonly Uint8Array[]): Promise<boolean>;
}
