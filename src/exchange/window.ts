// How many grants a giver keeps open at once. With too few the uplink idles while the next
// receiver chooses. With too many, pieces are bound earlier than they must be, and queue
// in the kernel in front of control messages. So the window is one piece being sent, plus
// what the uplink carries during a grant's overhead: offer to request, and last block to
// have. Behind a cap it is also known when the uplink falls free (forecast.ts); then a
// grant is offered just early enough for the answer to be here by then.
import { smooth } from './neighbour/smooth.ts';

/** One piece in flight, one requested: the minimum that keeps a locally paced uplink busy. */
const LEAST_GRANTS = 2;
/**
 * One more behind a cap, for a grant whose have is still on its way. It costs nothing, since
 * grants are offered late there. Simulated with uplinks 1:4:16 behind a fast origin: 0.85
 * of the bound without it, 0.90 with it.
 */
const CAPPED_GRANTS = 1;
/**
 * The minimum without a cap. The uplink's queue is then in a kernel or a router, and grant,
 * request and have each wait behind pieces there. Measured behind a kernel's rate limit of
 * 20 Mbit/s, 8 receivers: 0.77 of the bound with two, 0.84 with three, 0.88 with five,
 * 0.87 with eight.
 */
const UNCAPPED_GRANTS = 5;
/** The maximum, whatever was estimated. */
export const MOST_GRANTS = 32;
/** Weight of a new sample in the smoothed overhead. */
const GAIN = 0.125;
/** A longer sample means a receiver that was held up, not a distance. */
const MOST_OVERHEAD_MS = 500;
/** Time of the two event loops, which counts without a cap: large reads take milliseconds. */
const UNCAPPED_OVERHEAD_MS = 8;
/** Expected time until a request, before the first one came. Chosen. */
const FIRST_REQUEST_MS = 20;
/** Lateness of timers, and time to read the piece. Chosen. */
const LEAST_LEAD_MS = 10;
/** Time over which the delivered rate is measured. */
const RATE_SPAN_MS = 500;

export class GrantWindow {
  readonly #fixed: number | undefined;
  #cap = Number.POSITIVE_INFINITY;
  #requestMs: number | undefined;
  #requestSpreadMs = 0;
  #leastRequestMs = Number.POSITIVE_INFINITY;
  #haveMs = 0;
  #spanStart = Number.NEGATIVE_INFINITY;
  #spanBytes = 0;
  #deliveredPerMs = 0;

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
    if (now - this.#spanStart > RATE_SPAN_MS) {
      this.#deliveredPerMs = this.#spanBytes / Math.max(now - this.#spanStart, 1);
      this.#spanStart = now;
      this.#spanBytes = 0;
    }
    this.#spanBytes += bytes;
  }

  /**
   * How long before the uplink falls free the next grant is offered: the time of an answer
   * and four times its spread (as in RFC 6298), so that few answers come too late.
   */
  get leadMs(): number {
    return (this.#requestMs ?? FIRST_REQUEST_MS) + 4 * this.#requestSpreadMs + LEAST_LEAD_MS;
  }

  /** Number of grants to keep open, for pieces of this length. */
  size(pieceLength: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    const least = this.#isCapped ? LEAST_GRANTS : UNCAPPED_GRANTS;
    const spare = this.#isCapped ? CAPPED_GRANTS : 0;
    if (pieceLength === 0) return least + spare;
    const inFlight = this.#ratePerMs() * this.#overheadMs();
    const grants = Math.max(least, 1 + Math.ceil(inFlight / pieceLength));
    return Math.min(MOST_GRANTS, grants + spare);
  }

  get #isCapped(): boolean {
    return Number.isFinite(this.#cap);
  }

  #ratePerMs(): number {
    return this.#isCapped ? this.#cap / 1000 : this.#deliveredPerMs;
  }

  /**
   * Behind a cap the queue is in this process, and the measured overhead holds. Without a
   * cap the queue is in the kernel and part of every measurement, so only the least delay
   * ever seen tells the distance.
   */
  #overheadMs(): number {
    if (this.#isCapped) return (this.#requestMs ?? 0) + this.#haveMs;
    const least = Number.isFinite(this.#leastRequestMs) ? this.#leastRequestMs : 0;
    return 2 * least + UNCAPPED_OVERHEAD_MS;
  }
}
