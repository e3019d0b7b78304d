// The verified piece store: verify, then write, then advertise, never another
// order. One contract suite (test/contract) runs against every implementation.
import type { Bitfield } from './bitfield.ts';
import type { Manifest } from './manifest.ts';

export interface PieceStore {
  readonly manifest: Manifest;
  /** The pieces that are here and verified. Live: grows as pieces are written. Do not change it. */
  readonly have: Bitfield;

  /**
   * Bytes [begin, begin + length) of a piece that is here; a range that a remote
   * asks for is to be checked before. The bytes are in `into`, which has that length,
   * or else the caller's to keep: they are never reused for another read.
   *
   * @throws HubswarmError ERR_SOURCE_CHANGED when the file is not the one imported
   * any more, ERR_NOT_FOUND when it vanished.
   */
  read(piece: number, begin: number, length: number, into?: Uint8Array): Promise<Uint8Array>;

  /**
   * Hashes the piece (given as consecutive parts); writes it when it matches.
   * Resolves to false, with nothing written, when it does not match. A piece that
   * is already here is not written again. The parts must not change until then.
   *
   * @throws HubswarmError ERR_DISK_FULL, ERR_NOT_PERMITTED ...
   */
  write(piece: number, parts: readonly Uint8Array[]): Promise<boolean>;

  /**
   * Makes whole content appear under its final name (sync, then rename) and
   * resolves to that path; undefined for a store without a name. Must be called
   * once, when `have` is full; reads go on working afterwards.
   */
  publish(): Promise<string | undefined>;

  /** Closes every file. A partial download stays resumable. */
  close(): Promise<void>;
}
