// What a session is told. Time, bytes and the outcome of its effects come in here and
// nowhere else.
import type { FilePieces, Loss } from '../content/store.ts';
import type { NeighbourKind } from './neighbour/neighbour.ts';
import type { Message } from './wire/message.ts';

export type SessionEvent =
  /**
   * An exchange stream with this peer is open, and it is the only one. `withdraws`: it understands
   * `withdraw`.
   */
  | ({ type: 'neighbour_joined'; neighbour: string } & NeighbourKind)
  | { type: 'neighbour_left'; neighbour: string }
  | { type: 'message'; neighbour: string; message: Message }
  /** The codec found bytes that no honest neighbour sends. */
  | { type: 'violation'; neighbour: string; reason: string }
  /** The last block of an `upload` was handed to the network. */
  | { type: 'upload_finished'; neighbour: string; piece: number }
  /** The piece could not be read; an `upload` that was stopped needs no event. */
  | { type: 'upload_failed'; neighbour: string; piece: number }
  /** The neighbour has taken no byte of an `upload` that was due, for a while. */
  | { type: 'upload_stalled'; neighbour: string; piece: number }
  /** The answer to `store`: verified and written. */
  | { type: 'piece_stored'; piece: number }
  /** The answer to `store`: its hash does not match. */
  | { type: 'piece_refused'; piece: number }
  /** Pieces that were here are not to be had any more. */
  | ({ type: 'pieces_lost' } & Omit<Loss, 'message'>)
  /** Some of them are here again. */
  | ({ type: 'pieces_returned' } & FilePieces)
  /** The uplink's cap (bytes per second; Infinity for none), at the start and when it changes. */
  | { type: 'uplink_capped'; bytesPerSecond: number }
  /** The downlink's cap changed (bytes per second; Infinity for none). */
  | { type: 'downlink_capped'; bytesPerSecond: number }
  /** The time `wakeAt` has come. */
  | { type: 'tick' };
