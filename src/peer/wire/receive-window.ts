// How many bytes a remote may send on a stream. An update for each frame would be half of all
// frames; as the specification leaves open, one is due when half of the window has been used. A
// window that is used up faster than updates travel grows, as in js-yamux.
import type { Clock } from '../../runtime/clock.ts';
import { INITIAL_WINDOW } from './yamux-frames.ts';

/** A half that is used up within so many round trips doubles the window. */
const ROUND_TRIPS = 4;

interface ReceiveWindowInit {
  /** Bytes that it may grow to. */
  readonly most: number;
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
    const { most, clock } = this.#init;
    const now = clock.now();
    const roundTripMs = this.#init.roundTripMs();
    let bytes = this.#used;
    if (roundTripMs !== undefined && now - this.#grantedAt <= ROUND_TRIPS * roundTripMs) {
      const size = Math.min(2 * this.#size, most);
      bytes += size - this.#size;
      this.#size = size;
    }
    this.#grantedAt = now;
    this.#credit += bytes;
    this.#used = 0;
    return bytes;
  }
}
