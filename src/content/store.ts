// The verified piece store: verify, then write, then advertise, never another
// order. One contract suite (test/contract) runs against every implementation.
import type { Bitfield } from './bitfield.ts';
import type { Manifest } from './manifest.ts';

/** Why pieces that were here are not to be had any more; in the order of the wire's numbers. */
export const LOSS_REASONS = ['changed', 'removed', 'unreadable'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];
/** As in 'PATH was changed'. */
export const LOSS_WORDS: Readonly<Record<LossReason, string>> = {
  changed: 'was changed',
  removed: 'was removed or replaced',
  unreadable: 'cannot be read',
};

/** Pieces [first, first + count), which a file held that is not what it was. */
export interface Loss {
  readonly first: number;
  readonly count: number;
  readonly reason: LossReason;
  /** What happened to which path, for a person. */
  readonly message: string;
}

export interface PieceStore {
  readonly manifest: Manifest;
  /**
   * The pieces that are here and verified. It grows as pieces are written, and shrinks by what is
   * lost; the caller must not change it.
   */
  readonly have: Bitfield;

  /**
   * Reads bytes [begin, begin + length) of a piece that is here. The caller must check a range that
   * a remote asks for. The bytes are in `into`, which has that length; without it they are the
   * caller's to keep, and are never reused for another read.
   *
   * @throws HubswarmError ERR_SOURCE_CHANGED if the file is not the one imported any more,
   * ERR_NOT_FOUND if it vanished; the pieces of that file are lost
   */
  read(piece: number, begin: number, length: number, into?: Uint8Array): Promise<Uint8Array>;

  /**
   * Sets who is told, once, when a read finds that pieces are lost: `have` is then without them. A
   * store that cannot lose any leaves it out.
   */
  watchLosses?(tell: (loss: Loss) => void): void;

  /**
   * A store over some of its files where they lie; undefined as long as they may be written to, or
   * if a piece of them is not here. A store that cannot have any leaves it out.
   *
   * @param manifest of these files only
   * @param firstFile index of the first of them; they follow one another
   */
  subset?(manifest: Manifest, firstFile: number): PieceStore | undefined;

  /**
   * Hashes a piece, given as consecutive parts, and writes it if it matches. Resolves to false,
   * with nothing written, if it does not match. A piece that is here already is not written again.
   * The parts must not change until then.
   *
   * @throws HubswarmError ERR_DISK_FULL, ERR_NOT_PERMITTED ...
   */
  write(piece: number, parts: readonly Uint8Array[]): Promise<boolean>;

  /**
   * Gives complete content its final name (sync, then rename) and resolves to that path; to
   * undefined for a store without a name. Call it once, when `have` is full; reads go on working.
   */
  publish(): Promise<string | undefined>;

  /** Closes every file. A partial download stays resumable. */
  close(): Promise<void>;
}
