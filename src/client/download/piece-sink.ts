// Where the pieces of a download go, whoever delivers them and in whatever order.
import type { Bitfield } from '../../content/bitfield.ts';
import type { Window } from './segments.ts';

export interface PieceSink {
  readonly have: Bitfield;
  /** For a place that takes bytes in order only; absent for one that takes any piece. */
  readonly window?: Window;
  /** Resolves to false when the bytes are not that piece. The parts may be reused afterwards. */
  write(piece: number, parts: readonly Uint8Array[]): Promise<boolean>;
}
