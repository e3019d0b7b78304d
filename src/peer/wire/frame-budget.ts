// How many frames a remote may send, against floods. Each costs this peer time, however short it
// is, and an opened stream costs much of it, even if it is reset at once. What is large is not
// counted: its bytes cost the remote as much. What this peer sends by itself earns for the remote,
// which answers: else a fast exchange of tiny pieces would be taken for a flood.
import type { Clock } from '../../runtime/clock.ts';

/** Messages and payloads from this length on are not counted. Chosen. */
const LARGE = 1024;
/** Cost of an opened stream. Measured: 100 us, where a ping in a message of its own takes 3 us. */
const UNITS_PER_OPENING = 128;
/**
 * Units earned by a data frame that was sent. Measured: 3.6 are needed where pieces of 70 bytes are
 * exchanged.
 */
const UNITS_PER_SENT = 8;
/**
 * Most units within so long: 1,280 openings, or 8,000 pings a second. So a flood takes less than a
 * twentieth of a core. Chosen.
 */
const MOST = 163_840;
const WITHIN_MS = 10_000;

export const FLOODS = 'a flood of frames';

export class FrameBudget {
  readonly #clock: Clock;
  readonly #countSent: () => number;
  #spent = 0;
  #allowed = MOST;
  #since: number;
  #sentBefore = 0;

  /** @param countSent data frames that were sent until now */
  constructor(clock: Clock, countSent: () => number) {
    this.#clock = clock;
    this.#countSent = countSent;
    this.#since = clock.now();
  }

  /** A Noise message, or a frame with a payload, of so many bytes came. False when it is a flood. */
  take(length: number): boolean {
    return length >= LARGE || this.#spend(1);
  }

  /** A stream was opened. False when it is a flood. */
  takeOpening(): boolean {
    return this.#spend(UNITS_PER_OPENING);
  }

  #spend(units: number): boolean {
    this.#spent += units;
    if (this.#spent <= this.#allowed) return true;
    const sent = this.#countSent();
    this.#allowed = MOST + UNITS_PER_SENT * (sent - this.#sentBefore);
    if (this.#spent <= this.#allowed) return true;
    const now = this.#clock.now();
    if (now - this.#since < WITHIN_MS) return false;
    this.#since = now;
    this.#sentBefore = sent;
    this.#allowed = MOST;
    this.#spent = units;
    return true;
  }
}
