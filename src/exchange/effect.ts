// What a session asks its caller to do. Effects of one step are carried out in order.
import type { LossReason } from '../content/store.ts';
import type { Message } from './wire/message.ts';

export type SessionEffect =
  /** Send a message (never a `block`). It may go together with others to the same neighbour. */
  | { type: 'send'; neighbour: string; message: Message }
  /**
   * Send this piece's blocks in order. Uploads are served first come, first served, one piece
   * after the other; a neighbour that takes no more bytes at the moment is passed over. Answer
   * with `upload_finished` or `upload_failed`.
   */
  | { type: 'upload'; neighbour: string; piece: number }
  /** Forget that upload; blocks already handed to the network may go. */
  | { type: 'stop_upload'; neighbour: string; piece: number }
  /** Verify the piece and write it; answer with `piece_stored` or `piece_refused`. */
  | { type: 'store'; piece: number; parts: readonly Uint8Array[]; neighbour: string }
  /**
   * Close the stream and do not call the peer again; `neighbour_left` need not be told. The
   * peer may have left already. `forLoad`: the reason is a flood, so the ban ends after a time.
   */
  | { type: 'ban'; neighbour: string; reason: string; forLoad: boolean }
  /** Multiaddrs of other peers that exchange this file: untrusted, perhaps known already. */
  | { type: 'peers_learned'; addresses: readonly string[]; neighbour: string }
  /** A neighbour said hello; it has so many pieces. */
  | { type: 'neighbour_met'; neighbour: string; pieces: number }
  /** A neighbour took pieces back that are missing here. */
  | { type: 'withdrawn'; neighbour: string; pieces: readonly number[]; reason: LossReason }
  /** Every piece is here. */
  | { type: 'completed' };
