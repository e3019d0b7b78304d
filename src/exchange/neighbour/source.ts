// A neighbour as a source of pieces, and what is expected of it: how many pieces may be on
// their way from it, how long it is waited for, when it is asked again.
import type { Blame } from './blame.ts';
import { smooth } from './smooth.ts';

/** A piece on its way from a neighbour. */
export interface Fetch {
  readonly piece: number;
  readonly grant: number;
  readonly requestedAt: number;
  parts: Uint8Array[];
  /** Bytes so far; blocks come in order. */
  received: number;
  /** Taking so long that it is left to itself and no longer counted as on its way. */
  slow: boolean;
}

/** Nothing to speak of from a source for this long, or a multiple of its usual time: it stalls. */
const STALL_MS = 5000;
const STALL_FACTOR = 4;
/** Less than this in that time is nothing. Chosen. */
const NOTABLE_BYTES = 16 * 1024;
/** Until a source has sent a piece nobody knows how slow its uplink is. */
const FIRST_PIECE_MS = 20_000;
/** Pieces on their way from a neighbour one of whose is slow. */
const SLOW_FETCHES = 2;
/** Wait for the next request after one was revoked, doubled by each in a row. Chosen. */
const REVOKED_MS = 25;
const LONGEST_REVOKED_MS = 30_000;
/** The same for one that is doubted. Chosen. */
const DOUBT_MS = 1000;
const LONGEST_DOUBT_MS = 60_000;
/** Weight of a new sample in the smoothed time of a piece. */
export const PIECE_TIME_GAIN = 0.25;

export class Source {
  /** How many of its pieces we want: lack, and are not getting elsewhere. */
  wanted = 0;
  /** Pieces coming from it, by piece. */
  readonly fetches = new Map<number, Fetch>();
  /** Pieces whose bytes from it failed their hash. */
  readonly refused = new Set<number>();
  /** Pieces from it that are being verified. */
  storing = 0;
  /** Blocks that came without having been asked for. */
  strayBlocks = 0;
  readonly #id: string;
  /** How many of the fetches are slow. */
  #slowFetches = 0;
  /** Pieces no longer wanted from it, and how many bytes of each may still arrive. */
  readonly #cancelled = new Map<number, number>();
  /** Verified pieces from it. */
  #goodPieces = 0;
  /** Requests in a row that it took back. */
  #revoked = 0;
  /** It is asked for nothing before this. */
  #asksFrom = Number.NEGATIVE_INFINITY;
  /** When a notable number of bytes had come, and what came since. */
  #progressAt = Number.NEGATIVE_INFINITY;
  #progressBytes = 0;
  #pieceMs: number | undefined;
  /** Times in a row that all that was on its way was taken back, since nothing came. */
  #stalls = 0;
  /** Pieces that were asked of others since it was silent, before it gave one. */
  #doubts = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** Whether one more piece may be on its way from it. */
  mayAsk(blame: Blame, now: number): boolean {
    if (now < this.#asksFrom) return false;
    const open = this.fetches.size + this.storing;
    if (this.#stalls > 0 || this.isDoubted) return open < 1;
    if (this.#slowFetches > 0) return open < SLOW_FETCHES;
    return open < blame.trust(this.#id, this.#goodPieces);
  }

  /** It was asked for a piece. */
  begin(fetch: Fetch): void {
    this.fetches.set(fetch.piece, fetch);
  }

  /**
   * The piece is no longer on its way from it. Returns what came of it. The fetch must forget that:
   * when a map grows, V8 leaves the old table to the collector with all that was in it, and the new
   * table hangs on it, so what one table held stays until the next full collection.
   */
  drop(fetch: Fetch): Uint8Array[] {
    this.fetches.delete(fetch.piece);
    if (fetch.slow) this.#slowFetches--;
    const { parts } = fetch;
    fetch.parts = [];
    return parts;
  }

  markSlow(fetch: Fetch): void {
    fetch.slow = true;
    this.#slowFetches++;
  }

  /** It sent a block, the last one of a piece or not. */
  noteProgress(bytes: number, isLast: boolean, now: number): void {
    this.#progressBytes += bytes;
    if (this.#progressBytes < NOTABLE_BYTES && !isLast) return;
    this.#progressAt = now;
    this.#progressBytes = 0;
  }

  /** A piece came whole, so long after it was asked for. */
  noteWhole(ms: number): void {
    this.#pieceMs = smooth(this.#pieceMs, ms, PIECE_TIME_GAIN);
    this.#stalls = 0;
  }

  /** Smoothed time from request to last block, in milliseconds; undefined before the first piece. */
  get usualMs(): number | undefined {
    return this.#pieceMs;
  }

  isStalled(now: number): boolean {
    const pieceMs = this.#pieceMs;
    const patience =
      pieceMs === undefined ? FIRST_PIECE_MS : Math.max(STALL_MS, STALL_FACTOR * pieceMs);
    return this.#hasNothingFor(patience, now);
  }

  /** All that was on its way is taken back. Returns how often in a row. */
  noteStalled(): number {
    return ++this.#stalls;
  }

  /** Whether nothing to speak of came for so long from one that has never given a piece. */
  isSilent(ms: number, now: number): boolean {
    return this.#goodPieces === 0 && this.#hasNothingFor(ms, now);
  }

  #hasNothingFor(ms: number, now: number): boolean {
    const [oldest] = this.fetches.values();
    if (!oldest) return false;
    return now - Math.max(oldest.requestedAt, this.#progressAt) > ms;
  }

  /**
   * It was silent: what it is asked for stays wanted. With one silent source per receiver
   * (simulated, 32 MiB) the makespan grew by 13 % while silent sources were believed; with
   * doubt it does not grow.
   */
  get isDoubted(): boolean {
    return this.#doubts > 0;
  }

  /** It is asked again ever later: what it may yet send is likely to be here by then. */
  noteDoubt(now: number): void {
    const wait = DOUBT_MS * 2 ** ++this.#doubts;
    this.#asksFrom = now + Math.min(wait, LONGEST_DOUBT_MS);
  }

  /** A piece from it was good. */
  noteGood(now: number): void {
    this.#goodPieces++;
    this.#revoked = 0;
    if (this.#doubts > 0) this.#asksFrom = now;
    this.#doubts = 0;
  }

  /** It took a request back: it must not be the first to be asked again. */
  noteRevoked(now: number): void {
    const wait = REVOKED_MS * 2 ** ++this.#revoked;
    this.#asksFrom = now + Math.min(wait, LONGEST_REVOKED_MS);
  }

  /** So many bytes of a piece that is no longer wanted may still come. */
  excuse(piece: number, bytes: number): void {
    this.#cancelled.set(piece, (this.#cancelled.get(piece) ?? 0) + bytes);
  }

  /** Takes bytes that a cancel explains off what it explains; false when there are too many. */
  forgive(piece: number, bytes: number): boolean {
    const left = (this.#cancelled.get(piece) ?? 0) - bytes;
    if (left > 0) this.#cancelled.set(piece, left);
    else this.#cancelled.delete(piece);
    return left >= 0;
  }
}
