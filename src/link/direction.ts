// One direction of a link: a line of those who wait for their bytes to pass. Only
// the first of them is booked with the pacer, so that a rate that changes, or one
// who leaves the line, counts at once and for everybody behind.
import type { Clock } from '../runtime/clock.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import { Pacer } from './pacer.ts';

/** A sender that asks again this soon after its last turn was waiting for the link. */
const BUSY_WITHIN_MS = 5;
/** Timers hold 2^31 ms at the most; a longer wait is made of several. */
const LONGEST_SLEEP_MS = 1_000_000;

interface Turn {
  readonly bytes: number;
  readonly pass: () => void;
}

export class Direction {
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  readonly #onPassed: () => void;
  readonly #line: Turn[] = [];
  #serving = false;
  #lastTurnAt = Number.NEGATIVE_INFINITY;
  /** Aborted when the first in the line must look at its time again. */
  #changed = new AbortController();
  /** That have passed so far. */
  bytes = 0;

  /** @param onPassed called whenever `bytes` has grown */
  constructor(bytesPerSecond: number, clock: Clock, onPassed: () => void) {
    this.#pacer = new Pacer(bytesPerSecond);
    this.#clock = clock;
    this.#onPassed = onPassed;
  }

  get bytesPerSecond(): number {
    return this.#pacer.bytesPerSecond;
  }

  limit(bytesPerSecond: number): void {
    this.#pacer.changeRate(this.#clock.now(), bytesPerSecond);
    this.#wake();
  }

  /** See Link.send. */
  pass(bytes: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (!this.#serving && this.#book(bytes)) {
      this.#count(bytes);
      return undefined;
    }
    const passed = this.#queue(bytes, signal);
    if (!this.#serving) unawaited('serving the link', this.#serve());
    return passed;
  }

  /** Returns true when they may go at once. */
  #book(bytes: number): boolean {
    const now = this.#clock.now();
    const busy = now - this.#lastTurnAt <= BUSY_WITHIN_MS;
    if (this.#pacer.reserve(now, bytes, busy) > now) return false;
    this.#lastTurnAt = now;
    return true;
  }

  #queue(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = guarded('leaving the line of the link', () => {
        this.#leave(turn);
        reject(signal?.reason as Error);
      });
      const turn: Turn = {
        bytes,
        pass: () => {
          signal?.removeEventListener('abort', leave);
          this.#count(bytes);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#line.push(turn);
    });
  }

  /** Until the line is empty. The first turn is booked already. */
  async #serve(): Promise<void> {
    this.#serving = true;
    for (let turn = this.#line[0]; turn; turn = this.#line[0]) {
      await this.#untilPassed();
      // Not when it left meanwhile: then the next is booked in its place.
      if (turn === this.#line[0]) {
        this.#line.shift();
        turn.pass();
      }
      const next = this.#line[0];
      if (next) this.#book(next.bytes);
    }
    this.#serving = false;
  }

  async #untilPassed(): Promise<void> {
    for (;;) {
      const now = this.#clock.now();
      const waitMs = this.#pacer.freeAt - now;
      if (waitMs <= 0) {
        this.#lastTurnAt = now;
        return;
      }
      const { signal } = this.#changed;
      await this.#clock.sleep(Math.min(waitMs, LONGEST_SLEEP_MS), signal).catch(() => {});
    }
  }

  #leave(turn: Turn): void {
    const at = this.#line.indexOf(turn);
    this.#line.splice(at, 1);
    if (at !== 0) return;
    this.#pacer.release(this.#clock.now());
    this.#wake();
  }

  #wake(): void {
    if (!this.#serving) return;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#onPassed();
  }
}
