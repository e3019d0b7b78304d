import type { LossReason } from '../../content/store.ts';

/**
 * The piece-exchange protocol, `/hubswarm/exchange/1.0.0`, in short. The specification for a
 * second implementation is docs/protocol.md.
 *
 * **Participants.** Two peers that want to pass pieces of one file (named by its
 * root CID) to each other, over one long-lived, ordered, encrypted and
 * authenticated stream. A peer that fetches also serves: both sides speak the same
 * messages. A peer has one such stream with each neighbour for each file.
 *
 * **Goals.** Every uplink busy from the first piece to the last; an origin that
 * sends each piece once before it sends any twice; pieces passed on as soon as
 * they are verified; a bound on everything a remote can make us hold or do.
 *
 * **Non-goals.** Finding peers (the DHT's), telling what the pieces are (the
 * manifest is known before the stream opens, and hashes up to the CID), secrecy
 * or identity (Noise's), payment.
 *
 * **Late-binding grants.** In BitTorrent the receiver queues requests at every
 * source, and the slowest source ends up holding the piece that everybody needs.
 * Here a giver offers a `grant` of its uplink to one interested neighbour. That
 * neighbour chooses the piece when the grant comes (`request`), knowing all that is
 * already on its way. A giver that has everything adds hints: the pieces with the
 * fewest copies. A grant is done when the receiver says that it has the piece.
 *
 * **Framing.** `u32 length | u8 type | body`, integers big-endian; length counts
 * type and body. Types and bodies:
 *
 * | type | name     | body                                                       |
 * |------|----------|------------------------------------------------------------|
 * | 0    | hello    | u8 version, u8 length, root CID, u32 pieces, u8 n, n x (u8 length, text), bitfield |
 * | 1    | have     | u32 piece, one or more                                     |
 * | 2    | interest | u8 0 or 1                                                  |
 * | 3    | grant    | u32 grant, 0 to 8 x u32 piece (hints)                      |
 * | 4    | request  | u32 grant, u32 piece                                       |
 * | 5    | decline  | u32 grant                                                  |
 * | 6    | revoke   | u32 grant                                                  |
 * | 7    | block    | u32 piece, u32 begin, 1 to 262144 bytes                    |
 * | 8    | cancel   | u32 piece                                                  |
 * | 9    | peers    | one or more x (u8 length, text)                            |
 * | 10   | withdraw | u8 reason, u32 first piece, u32 number of pieces           |
 *
 * **Order.** Each side sends `hello` first and once: which file it means, how many
 * pieces it counts, the multiaddrs under which it can be reached (at most 8), and
 * what it has. A called peer that does not know the file closes the stream. `have`
 * names pieces verified and stored since. `interest` says whether its sender lacks,
 * and is not already getting, some piece that its receiver has; it is 0 until said.
 * Every `grant` has an id that its sender has not used before on the stream, and is
 * answered by one `request` or `decline`; `decline` also takes the interest back,
 * until it is told again. A `request` is answered by the piece's blocks in order of
 * `begin`, or by `revoke`. A giver also revokes a grant that was not answered in
 * time. `cancel` takes a request back: blocks under way may still arrive. `peers`
 * names further peers that exchange this file. `withdraw` takes pieces back that were announced, since
 * the file that held them changed (reason 0), was removed (1) or cannot be read (2); a grant that was
 * bound to one is revoked. It is new in 1.1.0: a peer that called by 1.0.0 is not sent it.
 *
 * **Violations** (the stream is dropped and the peer banned): a length over the
 * type's limit, an unknown type, a body that does not parse, a second or missing
 * `hello`, another piece count, an index out of range, a request without a grant
 * or of a piece not held, more blocks than were asked for or than a cancel explains,
 * a flood. Bytes that fail their hash count against the neighbour that sent them:
 * the second bad piece bans it.
 */
export const EXCHANGE_PROTOCOL = '/hubswarm/exchange/1.0.0';
/** The same with `withdraw`; the versions in the order of preference. */
export const WITHDRAWING_EXCHANGE_PROTOCOL = '/hubswarm/exchange/1.1.0';
export const EXCHANGE_PROTOCOLS = [WITHDRAWING_EXCHANGE_PROTOCOL, EXCHANGE_PROTOCOL];

export const PROTOCOL_VERSION = 1;

export type Message =
  | {
      type: 'hello';
      /** The root CID's bytes. */
      file: Uint8Array;
      pieceCount: number;
      addresses: string[];
      bitfield: Uint8Array;
    }
  | { type: 'have'; pieces: number[] }
  | { type: 'interest'; interested: boolean }
  | { type: 'grant'; grant: number; hints: number[] }
  | { type: 'request'; grant: number; piece: number }
  | { type: 'decline'; grant: number }
  | { type: 'revoke'; grant: number }
  /** The block's bytes, as the consecutive parts in which they came off the wire. */
  | { type: 'block'; piece: number; begin: number; parts: readonly Uint8Array[]; length: number }
  | { type: 'cancel'; piece: number }
  | { type: 'peers'; addresses: string[] }
  /** Pieces [first, first + count) are not had any more. */
  | { type: 'withdraw'; reason: LossReason; first: number; count: number };

/** The longest block accepted, in bytes. */
export const MAX_BLOCK_LENGTH = 256 * 1024;
/** Most pieces in one file: their bitfield fits a hello, their manifest fits memory. */
export const MAX_PIECES = 2 ** 22;
export const MAX_HINTS = 8;
/** Longest CID in bytes: a version 1 CID with sha2-256 has 36. */
export const MAX_CID_LENGTH = 64;
export const MAX_ADDRESSES = 8;
export const MAX_ADDRESS_LENGTH = 255;
/** Addresses in one `peers` message. */
export const MAX_PEERS = 64;
/** Pieces in one `have`. */
export const MAX_HAVES = 4096;
