// The verified piece store: verify, then write, then advertise, never another
// order. One contract suite (test/contract) runs against every implementation.
import { invariant } from '../runtime/invariant.ts';
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

/** Pieces [first, first + count): those of one file. */
export interface FilePieces {
  readonly first: number;
  readonly count: number;
}

/** Pieces of a file that is not what it was. */
export interface Loss extends FilePieces {
  readonly reason: LossReason;
  /** What happened to which path, for a person; left out where another store tells it. */
  readonly message?: string | undefined;
}

/** Pieces of a file that was lost, and is what it was again. */
export interface Return extends FilePieces {
  /** For a person; left out where another store tells it. */
  readonly path?: string | undefined;
}

/** Checks what a store's read() demands of its caller, but for the piece being here. */
export function checkRange(
  { geometry }: Pick<Manifest, 'geometry'>,
  piece: number,
  begin: number,
  length: number,
  into: Uint8Array,
): void {
  invariant(into.length === length, `${into.length} bytes of memory for ${length}`);
  const isInside = begin >= 0 && begin + length <= geometry.length(piece);
  invariant(isInside, `${length} bytes at ${begin} leave piece ${piece}`);
}

export interface PieceStore {
  readonly manifest: Manifest;
  /**
   * The pieces that are here and verified. It grows as pieces are written or come back, and shrinks
   * by what is lost; the caller must not change it.
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
   * Sets who is told when pieces are found to be lost: `have` is then without them. It is told once
   * more if the reason becomes another. A store that cannot lose any leaves it out.
   */
  watchLosses?(tell: (loss: Loss) => void): void;

  /** What is lost now. A store that cannot lose anything leaves out this and the next two. */
  readonly losses?: readonly Loss[];

  /** Sets who is told when lost pieces are here again: `have` is then with them. */
  watchReturns?(tell: (returns: readonly Return[]) => void): void;

  /** Looks whether lost files are what they were. */
  seekLost?(): Promise<void>;

  /**
   * A store over some of its files where they lie, which loses and regains what this one does;
   * undefined as long as they may be written to. A store that cannot have any leaves it out.
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
