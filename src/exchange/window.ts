// How many grants a giver keeps open at once. With too few the uplink idles while the next
// receiver chooses. With too many, pieces are bound earlier than they must be, and each takes longer
// to reach the next peer, since all that are open share the uplink. Behind a cap it is known when
// the uplink falls free (forecast.ts): the window is one piece being sent, plus what the uplink
// carries during a grant's overhead, offer to request and last block to have. Without a cap the
// queue is in a kernel or a router, and what keeps it busy is a time's worth of pieces at the rate
// that haves show: few long pieces on a slow line, many short ones on a fast one.
import { smooth } from './neighbour/smooth.ts';

/** One piece in flight, one requested: the minimum that keeps a locally paced uplink busy. */
const LEAST_GRANTS = 2;
/**
 * One more behind a cap, for a grant whose have is still on its way. It costs nothing, since
 * grants are offered late there. Simulated with uplinks 1:4:16 behind a fast origin: 0.85
 * of the bound without it, 0.90 with it.
 */
const CAPPED_GRANTS = 1;
/** Without a cap, until a rate has been seen. */
const FIRST_GRANTS = 5;
/**
 * Without a cap: the time's worth of pieces that is open beside the one being sent, in milliseconds.
 * Grant, request and have each wait behind pieces in the queue. Simulated over TCP, 8 receivers,
 * pieces of 256 KiB, shares of the bound at 5 and 20 Mbit/s, and with an origin of 50 and receivers
 * of 10: 300 ms 0.88, 0.91, 0.85; 400 ms 0.91, 0.90, 0.82; 500 ms 0.89, 0.89, 0.82. Five grants,
 * whatever the rate: 0.84, 0.92, 0.76.
 */
const UNCAPPED_MS = 300;
/** So many of the round trips that a grant takes pass without a byte of its piece: all three. */
const UNCAPPED_ROUND_TRIPS = 3;
/** Without a cap; beyond it nothing is gained at 100 Mbit/s, and pieces are bound too early. */
const MOST_UNCAPPED_GRANTS = 16;
/** The maximum, whatever was estimated. */
const MOST_GRANTS = 32;
/**
 * All maxima are for pieces of this length or longer. Of shorter ones (a directory of small files) as
 * many more may be open as take its bytes, up to a factor: otherwise each takes a share of a round
 * trip. 20,000 files of 270 bytes.
 */
const SHORT_PIECE = 64 * 1024;
const MOST_SHORT = 32;
/** Weight of a new sample in the smoothed overhead. */
const GAIN = 0.125;
/** A longer sample means a receiver that was held up, not a distance. */
const MOST_OVERHEAD_MS = 500;
/** Expected time until a request, before the first one came. Chosen. */
const FIRST_REQUEST_MS = 20;
/** Lateness of timers, and time to read the piece. Chosen. */
const LEAST_LEAD_MS = 10;
/** Least time over which a delivered rate is measured. */
const RATE_SPAN_MS = 500;
/** Spans of which the fastest counts: in a slower one there may have been nothing to send. */
const RATE_SPANS = 8;

export class GrantWindow {
  readonly #fixed: number | undefined;
  #cap = Number.POSITIVE_INFINITY;
  #requestMs: number | undefined;
  #requestSpreadMs = 0;
  #leastRequestMs = Number.POSITIVE_INFINITY;
  #haveMs = 0;
  #spanStart = Number.NEGATIVE_INFINITY;
  #spanBytes = 0;
  /** Delivered bytes per millisecond, of the latest spans. */
  readonly #rates: number[] = [];

  /** @param fixed a constant number of grants, for studies; measured when left out */
  constructor(fixed?: number) {
    this.#fixed = fixed;
  }

  /** The link's cap in bytes per second; Infinity when it has none. */
  setCap(bytesPerSecond: number): void {
    this.#cap = bytesPerSecond;
  }

  /** A grant was bound to a piece, `ms` after it was offered. */
  noteRequest(ms: number): void {
    const sample = Math.min(ms, MOST_OVERHEAD_MS);
    const spread = Math.abs(sample - (this.#requestMs ?? sample));
    this.#requestSpreadMs = smooth(this.#requestSpreadMs, spread, GAIN);
    this.#requestMs = smooth(this.#requestMs, sample, GAIN);
    this.#leastRequestMs = Math.min(this.#leastRequestMs, sample);
  }

  /** The receiver has the piece, `sinceSentMs` after its last block left here. */
  noteHave(now: number, sinceSentMs: number, bytes: number): void {
    this.#haveMs = smooth(this.#haveMs, Math.min(sinceSentMs, MOST_OVERHEAD_MS), GAIN);
    if (now - this.#spanStart > RATE_SPAN_MS) this.#startSpan(now);
    this.#spanBytes += bytes;
  }

  /**
   * How long before the uplink falls free the next grant is offered: the time of an answer
   * and four times its spread (as in RFC 6298), so that few answers come too late.
   */
  get leadMs(): number {
    return (this.#requestMs ?? FIRST_REQUEST_MS) + 4 * this.#requestSpreadMs + LEAST_LEAD_MS;
  }

  #startSpan(now: number): void {
    if (Number.isFinite(this.#spanStart)) {
      this.#rates.push(this.#spanBytes / (now - this.#spanStart));
      if (this.#rates.length > RATE_SPANS) this.#rates.shift();
    }
    this.#spanStart = now;
    this.#spanBytes = 0;
  }

  /** The most grants that are ever open, for pieces of this length. */
  most(pieceLength: number): number {
    return MOST_GRANTS * shortness(pieceLength);
  }

  /** Number of grants to keep open, for pieces of this length. */
  size(pieceLength: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    if (!Number.isFinite(this.#cap)) return this.#uncappedSize(pieceLength);
    const inFlight = (this.#cap / 1000) * this.#overheadMs;
    const most = this.most(pieceLength);
    return Math.min(most, sizeFor(inFlight, pieceLength, most) + CAPPED_GRANTS);
  }

  /** Behind a cap the queue is in this process, and the measured overhead holds. */
  get #overheadMs(): number {
    return (this.#requestMs ?? 0) + this.#haveMs;
  }

  /**
   * Without a cap the queue is in the kernel and part of every measurement, so only the least delay
   * ever seen tells the distance.
   */
  #uncappedSize(pieceLength: number): number {
    if (this.#rates.length === 0) return FIRST_GRANTS;
    const roundTripMs = Number.isFinite(this.#leastRequestMs) ? this.#leastRequestMs : 0;
    const ms = UNCAPPED_MS + UNCAPPED_ROUND_TRIPS * roundTripMs;
    const most = MOST_UNCAPPED_GRANTS * shortness(pieceLength);
    return sizeFor(Math.max(...this.#rates) * ms, pieceLength, most);
  }
}

/** How many such pieces count as one. */
function shortness(pieceLength: number): number {
  return Math.max(1, Math.min(MOST_SHORT, Math.floor(SHORT_PIECE / Math.max(1, pieceLength))));
}

/** One grant whose piece is being sent, and as many more as hold so many bytes. */
function sizeFor(bytes: number, pieceLength: number, most: number): number {
  if (pieceLength === 0) return LEAST_GRANTS;
  return Math.min(most, Math.max(LEAST_GRANTS, 1 + Math.ceil(bytes / pieceLength)));
}
