// How many turns an uploader keeps offered at once. Too few, and the uplink
// idles while the next receiver makes up its mind; too many, and pieces are
// bound before they must be, and queue in the kernel in front of control
// messages. So: one turn being sent, plus what fits into a turn's overhead (offer
// to request, last block to have) at the uplink's rate. Behind a cap it is known as
// well when the uplink falls free (forecast.ts), and a turn is offered just early
// enough for the answer to be here by then.
import { smooth } from './smooth.ts';

/** One being sent and one bound: the least that keeps a link busy whose queue is ours. */
const LEAST_TURNS = 2;
/**
 * Behind a cap one more, whose have is still on its way: what is offered late anyway
 * need not be few. Simulated, three classes of uplinks 1:4:16 behind a fast origin: 0.85
 * of the bound without it, 0.90 with it.
 */
const CAPPED_TURNS = 1;
/**
 * At the least, without a cap: the uplink's queue is then in a kernel or a router, and
 * offer, request and have each wait behind pieces in one. Measured behind a kernel's rate
 * limit of 20 Mbit/s, 8 receivers: 0.77 of the bound with two, 0.84 with three, 0.88 with
 * five, 0.87 with eight.
 */
const UNCAPPED_TURNS = 5;
/** Bounds what a wrong estimate can do. */
export const MOST_TURNS = 32;
/** Weight of a new sample in the smoothed overhead. */
const GAIN = 0.125;
/** A sample over this is a receiver that was held up, not a distance. */
const MOST_OVERHEAD_MS = 500;
/** Without a cap the event loops' own turns count: large reads take milliseconds. */
const UNCAPPED_OVERHEAD_MS = 8;
/** Of an answer, before there was one. Chosen. */
const FIRST_REQUEST_MS = 20;
/** Timers are late by this much, and the piece must be read. Chosen. */
const LEAST_LEAD_MS = 10;
/** Span over which the delivered rate is measured. */
const RATE_SPAN_MS = 500;

export class TurnWindow {
  readonly #fixed: number | undefined;
  #cap = Number.POSITIVE_INFINITY;
  #requestMs: number | undefined;
  #requestSpreadMs = 0;
  #leastRequestMs = Number.POSITIVE_INFINITY;
  #haveMs = 0;
  #spanStart = Number.NEGATIVE_INFINITY;
  #spanBytes = 0;
  #deliveredPerMs = 0;

  /** @param fixed that many turns, whatever is measured: for studies */
  constructor(fixed?: number) {
    this.#fixed = fixed;
  }

  /** The link's cap in bytes per second; Infinity when it has none. */
  setCap(bytesPerSecond: number): void {
    this.#cap = bytesPerSecond;
  }

  /** A turn was offered and, this much later, bound to a piece. */
  noteRequest(ms: number): void {
    const sample = Math.min(ms, MOST_OVERHEAD_MS);
    const spread = Math.abs(sample - (this.#requestMs ?? sample));
    this.#requestSpreadMs = smooth(this.#requestSpreadMs, spread, GAIN);
    this.#requestMs = smooth(this.#requestMs, sample, GAIN);
    this.#leastRequestMs = Math.min(this.#leastRequestMs, sample);
  }

  /** A piece was received whole, so long after its last block left here. */
  noteHave(now: number, sinceSentMs: number, bytes: number): void {
    this.#haveMs = smooth(this.#haveMs, Math.min(sinceSentMs, MOST_OVERHEAD_MS), GAIN);
    if (now - this.#spanStart > RATE_SPAN_MS) {
      this.#deliveredPerMs = this.#spanBytes / Math.max(now - this.#spanStart, 1);
      this.#spanStart = now;
      this.#spanBytes = 0;
    }
    this.#spanBytes += bytes;
  }

  /**
   * How long before it falls free a turn is offered: what an answer takes, and four
   * times its spread (as in RFC 6298), so that few come too late.
   */
  get leadMs(): number {
    return (this.#requestMs ?? FIRST_REQUEST_MS) + 4 * this.#requestSpreadMs + LEAST_LEAD_MS;
  }

  /** Turns to keep offered, for pieces of this length. */
  size(pieceLength: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    const least = this.#isCapped ? LEAST_TURNS : UNCAPPED_TURNS;
    const spare = this.#isCapped ? CAPPED_TURNS : 0;
    if (pieceLength === 0) return least + spare;
    const inFlight = this.#ratePerMs() * this.#overheadMs();
    const turns = Math.max(least, 1 + Math.ceil(inFlight / pieceLength));
    return Math.min(MOST_TURNS, turns + spare);
  }

  get #isCapped(): boolean {
    return Number.isFinite(this.#cap);
  }

  #ratePerMs(): number {
    return this.#isCapped ? this.#cap / 1000 : this.#deliveredPerMs;
  }

  /**
   * Behind a cap the queue is ours and the measured overhead is what it is. Without
   * one the queue is the kernel's, and part of every measurement: only the least
   * delay ever seen tells the distance.
   */
  #overheadMs(): number {
    if (this.#isCapped) return (this.#requestMs ?? 0) + this.#haveMs;
    const least = Number.isFinite(this.#leastRequestMs) ? this.#leastRequestMs : 0;
    return 2 * least + UNCAPPED_OVERHEAD_MS;
  }
}
