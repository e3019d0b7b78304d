// How a stream's bytes get from one simulated node to another: what a swarm needs of it, and the
// simplest one. There, a sender knows when its bytes leave, and only blocks take time.
import type { Downlink } from './downlink.ts';

/** One direction of a stream: all that is sent arrives, in order. */
export interface Carriage {
  /** Takes a control message; calls `deliver` when its last byte has arrived. */
  send(bytes: number, deliver: () => void): void;
  /** Takes a block that passed the sender's own pacing in `passedMs`. */
  sendBlock(bytes: number, passedMs: number, deliver: () => void): void;
  /** Whether a sender of blocks should wait for `onDrain`. */
  readonly congested: boolean;
  onDrain: (() => void) | undefined;
  /** Either end is gone: nothing leaves any more. What has left still arrives. */
  close(): void;
}

export interface VirtualClock {
  readonly now: number;
  at(ms: number, run: () => void): void;
}

/** A delay, and the receiver's downlink for blocks. */
export class PlainCarriage implements Carriage {
  readonly congested = false;
  onDrain: undefined;
  readonly #clock: VirtualClock;
  readonly #delayMs: number;
  readonly #downlink: Downlink;
  /** Messages that came in and wait behind a block in the downlink, and until when. */
  #held = 0;
  #heldUntil = 0;

  constructor(clock: VirtualClock, delayMs: number, downlink: Downlink) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#downlink = downlink;
  }

  send(_: number, deliver: () => void): void {
    this.#clock.at(this.#clock.now + this.#delayMs, () =>
      this.#arrive(Math.max(this.#clock.now, this.#heldUntil), deliver),
    );
  }

  sendBlock(bytes: number, passedMs: number, deliver: () => void): void {
    this.#clock.at(this.#clock.now + this.#delayMs, () => {
      const at = this.#downlink.carry(this.#clock.now, bytes, passedMs);
      this.#arrive(Math.max(at, this.#heldUntil), deliver);
    });
  }

  close(): void {}

  /** Nothing arrives before that time, as while a connection is cut off. */
  holdUntil(ms: number): void {
    this.#heldUntil = ms;
  }

  /** Delivers now or, behind what the receiver's downlink holds up, at `at`. */
  #arrive(at: number, deliver: () => void): void {
    if (at <= this.#clock.now && this.#held === 0) return deliver();
    this.#held++;
    this.#heldUntil = at;
    this.#clock.at(at, () => {
      this.#held--;
      deliver();
    });
  }
}
