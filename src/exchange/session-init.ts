// What a session is given.
import type { Bitfield } from '../content/bitfield.ts';
import type { Geometry } from '../content/geometry.ts';
import type { Rng } from '../runtime/rng.ts';
import type { ChokerName } from './choker.ts';
import type { PickerName } from './picker.ts';

export interface SessionInit {
  /** The root CID's bytes. The caller makes sure that all neighbours mean this file. */
  file: Uint8Array;
  geometry: Geometry;
  /** Pieces that are here already; copied. */
  have: Bitfield;
  /**
   * Groups of pieces with equal bytes, each ascending: one of a group is asked for. The caller copies
   * the others when it is here, and says for each that it was stored.
   */
  equals?: readonly (readonly number[])[] | undefined;
  /** Multiaddrs to tell in hello, at most MAX_ADDRESSES. */
  addresses?: readonly string[];
  rng: Rng;
  /** This peer's PeerId, as its neighbours know it: decides which pieces it asks of web seeds. */
  self?: string;
  downlinkBytesPerSecond?: number;
  /** Grants kept open at once; measured if left out. */
  openGrants?: number;
  /** Policy that picks the piece of a grant; rarest if left out. */
  picker?: PickerName;
  /** Policy that picks the neighbour of a grant; cooperative if left out. */
  choker?: ChokerName;
}
