// How many bytes a remote may send on a stream. An update for each frame would be half of all
// frames; as the specification leaves open, one is due when half of the window has been used. A
// window that is used up faster than updates travel grows, as in js-yamux.
import type { Clock } from '../../runtime/clock.ts';
import { INITIAL_WINDOW } from './yamux-frames.ts';

/** A half that is used up within so many round trips doubles the window. */
const ROUND_TRIPS = 4;
/**
 * A link is fast once a half was used up within so many milliseconds so many times in a row: what
 * waits in kernels is two halves at the most, so a pause of this process does not look like it.
 * Chosen.
 */
const FAST_MS = 8;
const FAST_TIMES = 4;

/** Bytes that the remote may have on their way to one stream. */
export interface WindowLimits {
  /** On a link of any kind: so much can wait in kernels, ahead of what is urgent. */
  readonly most: number;
  /** On a link so fast that this much waits for a few hundredths of a second. */
  readonly mostOnFast: number;
}

interface ReceiveWindowInit {
  readonly limits: WindowLimits;
  readonly clock: Clock;
  /** Undefined while it is unknown: then the window does not grow. */
  roundTripMs(): number | undefined;
}

export class ReceiveWindow {
  readonly #init: ReceiveWindowInit;
  #size = INITIAL_WINDOW;
  /** What the remote may still begin to send. */
  #credit = INITIAL_WINDOW;
  /** What came since the last grant. */
  #used = 0;
  #grantedAt: number;
  #fastTimes = 0;

  constructor(init: ReceiveWindowInit) {
    this.#init = init;
    this.#grantedAt = init.clock.now();
  }

  /** A frame begins. False when it is longer than the remote may send. */
  take(length: number): boolean {
    if (length > this.#credit) return false;
    this.#credit -= length;
    return true;
  }

  /** Bytes of a frame were handed on. */
  use(bytes: number): void {
    this.#used += bytes;
  }

  /** Bytes to grant now: 0 while half of the window is left. */
  grant(): number {
    if (this.#used < this.#size / 2) return 0;
    const now = this.#init.clock.now();
    const ms = now - this.#grantedAt;
    this.#fastTimes = ms <= FAST_MS ? this.#fastTimes + 1 : 0;
    const size = Math.max(this.#size, Math.min(2 * this.#size, this.#limitAt(ms)));
    const bytes = this.#used + size - this.#size;
    this.#size = size;
    this.#grantedAt = now;
    this.#credit += bytes;
    this.#used = 0;
    return bytes;
  }

  /** Up to what it may grow, when a half was used up in so many milliseconds. */
  #limitAt(ms: number): number {
    const { limits } = this.#init;
    if (this.#fastTimes >= FAST_TIMES) return limits.mostOnFast;
    const roundTripMs = this.#init.roundTripMs();
    return roundTripMs !== undefined && ms <= ROUND_TRIPS * roundTripMs ? limits.most : 0;
  }
}
