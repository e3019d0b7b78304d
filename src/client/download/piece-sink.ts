// Where the pieces of a download go, from any mirror and in any order.
import type { Bitfield } from '../../content/bitfield.ts';
import type { Window } from './segments.ts';

export interface PieceSink {
  readonly have: Bitfield;
  /** The window of a sink that takes bytes in order only; undefined if it takes any piece. */
  readonly window?: Window;
  /**
   * Writes a piece. Resolves to false if the bytes are not that piece. The parts may be reused
   * afterwards.
   */
  write(piece: number, parts: readonly Uint8Array[]): Promise<boolean>;
}
