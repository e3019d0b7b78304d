// What a session knows of one neighbour. State only: decisions are made elsewhere.
import type { Bitfield } from '../content/bitfield.ts';
import { DecayedCount } from './decayed.ts';

/** A turn of our uplink, offered to a neighbour (see message.ts). */
export interface Grant {
  readonly id: number;
  readonly hints: readonly number[];
  readonly offeredAt: number;
  /** Set by the request. */
  piece: number | undefined;
  /** When the last block was handed to the network. */
  sentAt: number | undefined;
}

/** A piece on its way from a neighbour. */
export interface Fetch {
  readonly piece: number;
  readonly grant: number;
  readonly requestedAt: number;
  readonly parts: Uint8Array[];
  /** Bytes so far; blocks come in order. */
  received: number;
}

export class Neighbour {
  readonly id: string;
  /** Its pieces; undefined until it says hello. */
  pieces: Bitfield | undefined;
  addresses: readonly string[] = [];
  /** How many of its pieces we want: lack, and are not getting elsewhere. */
  wanted = 0;
  /** Whether we want something of it, as it is now, as we last told it, and it us. */
  /** Whether we want something of it, as it is now, as we last told it, and it us. */
  amInterested = false;
  toldInterested = false;
  peerInterested = false;

  /** Turns offered to it, by id. */
  readonly grants = new Map<number, Grant>();
  /** Pieces sent to it whole that it has not said it has. */
  readonly unacknowledged = new Set<number>();
  /** Turns in a row that it did not answer in time. */
  missedGrants = 0;
  /** Pieces that it has from us, lately. */
  readonly served = new DecayedCount();
  /** Pieces that it gave us, verified, or passed on to others from us, lately. */
  readonly credit = new DecayedCount();

  /** Pieces coming from it, by piece. */
  readonly fetches = new Map<number, Fetch>();
  /** Pieces no longer wanted from it whose blocks may still arrive. */
  readonly cancelled = new Set<number>();
  /** Pieces whose bytes from it failed their hash. */
  readonly refused = new Set<number>();
  lastBlockAt = Number.NEGATIVE_INFINITY;
  /** Smoothed time from request to last block; undefined before the first piece. */
  pieceMs: number | undefined;
  /** Pieces in a row taken back because nothing came. */
  snubs = 0;
  /** Blocks that came without having been asked for. */
  strayBlocks = 0;

  /** Pieces to tell it of, together with others of the next moment. */
  readonly unsentHaves: number[] = [];
  /** Messages since the last sweep, to see a flood. */
  messages = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether it let an offer of before then lie. */
  owesAnswer(since: number): boolean {
    for (const { piece, offeredAt } of this.grants.values()) {
      if (piece === undefined && offeredAt <= since) return true;
    }
    return false;
  }

  has(piece: number): boolean {
    return this.pieces?.has(piece) ?? false;
  }
}
