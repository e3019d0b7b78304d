// What a session asks of the shell. Effects of one step are carried out in order.
import type { Message } from './message.ts';

export type SessionEffect =
  /** Never a `block`; may be sent together with others to the same neighbour. */
  | { type: 'send'; neighbour: string; message: Message }
  /**
   * Send this piece's blocks in order. Uploads are served first come, first
   * served, one piece after the other, passing over neighbours that do not take
   * more at the moment. Answer with `upload_finished` or `upload_failed`.
   */
  | { type: 'upload'; neighbour: string; piece: number }
  /** Forget that upload; blocks already handed over may go. */
  | { type: 'stop_upload'; neighbour: string; piece: number }
  /** Verify and write; answer with `piece_stored` or `piece_refused`. */
  | { type: 'store'; piece: number; parts: readonly Uint8Array[]; neighbour: string }
  /**
   * Close the stream, do not come back; `neighbour_left` need not be told. The peer
   * may have left already. `forLoad`: it was too much, not wrong: that may pass.
   */
  | { type: 'ban'; neighbour: string; reason: string; forLoad: boolean }
  /** Multiaddrs of others that exchange this file: untrusted, may be known already. */
  | { type: 'peers_learned'; addresses: readonly string[]; neighbour: string }
  /** A neighbour said hello: what it has, how it can be reached. */
  | { type: 'neighbour_met'; neighbour: string; pieces: number }
  /** Every piece is here. */
  | { type: 'completed' };
