// What a session knows of one neighbour. State only: decisions are made elsewhere.
import type { Bitfield } from '../content/bitfield.ts';
import { Allowance } from './allowance.ts';
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
  /** Whether it takes up one of the uplink's turns; one that stalls no longer does. */
  counted: boolean;
  /** When the neighbour was last seen to take nothing of it. */
  stalledAt: number | undefined;
}

/** A piece on its way from a neighbour. */
export interface Fetch {
  readonly piece: number;
  readonly grant: number;
  readonly requestedAt: number;
  readonly parts: Uint8Array[];
  /** Bytes so far; blocks come in order. */
  received: number;
  /** Taking so long that it is left to itself and no longer counted as on its way. */
  slow: boolean;
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
  /** Offers in a row that it did not answer in time. */
  missedGrants = 0;
  /** Pieces that it has from us, lately. */
  readonly served = new DecayedCount();
  /** Pieces that it gave us, verified, or passed on to others from us, lately. */
  readonly credit = new DecayedCount();
  /** Open turns that it has let lie. */
  idleTurns = 0;
  /** Turns that led to a have, and what those since the last weigh of which nothing came. */
  turnsDone = 0;
  waste = 0;
  /** When a turn was last counted as let lie. */
  letLieAt = Number.NEGATIVE_INFINITY;
  /** No turn is offered to it before this. */
  turnsFrom = Number.NEGATIVE_INFINITY;

  /** Requests in a row that it took back, and when it is asked again. */
  revoked = 0;
  asksFrom = Number.NEGATIVE_INFINITY;
  /** Pieces coming from it, by piece. */
  readonly fetches = new Map<number, Fetch>();
  /** How many of them are slow. */
  slowFetches = 0;
  /** Pieces no longer wanted from it, and how many bytes of each may still arrive. */
  readonly cancelled = new Map<number, number>();
  /** Pieces whose bytes from it failed their hash. */
  readonly refused = new Set<number>();
  /** Pieces from it that are being verified, and those that were good. */
  storing = 0;
  goodPieces = 0;
  /** When a notable number of bytes had come, and what came since. */
  progressAt = Number.NEGATIVE_INFINITY;
  progressBytes = 0;
  /** Smoothed time from request to last block; undefined before the first piece. */
  pieceMs: number | undefined;
  /** Times in a row that all that was on its way was taken back, since nothing came. */
  stalls = 0;
  /** Pieces that were asked of others since it was silent, before it gave one. */
  doubts = 0;
  /** Blocks that came without having been asked for. */
  strayBlocks = 0;

  /** Pieces to tell it of, together with others of the next moment. */
  readonly unsentHaves: number[] = [];
  readonly allowance = new Allowance();

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
