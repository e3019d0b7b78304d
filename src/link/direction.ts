// One direction of a link: a queue of senders that wait for their bytes to pass. Only
// the first sender is booked with the pacer. So a changed rate, or a sender that leaves
// the queue, takes effect at once for all behind it.
import type { Clock } from '../runtime/clock.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import { Pacer } from './pacer.ts';

/** A sender that asks again this soon after its bytes passed was waiting for the link. */
const BUSY_WITHIN_MS = 5;
/** A timer holds at most 2^31 ms; a longer wait is made of several timers. */
const LONGEST_SLEEP_MS = 1_000_000;

interface Waiting {
  readonly bytes: number;
  readonly pass: () => void;
}

export class Direction {
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  readonly #onPassed: () => void;
  readonly #queue: Waiting[] = [];
  #serving = false;
  #passedAt = Number.NEGATIVE_INFINITY;
  /** Aborted when the first in the queue must compute its time again. */
  #changed = new AbortController();
  /** Bytes passed so far. */
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
    const passed = this.#enqueue(bytes, signal);
    if (!this.#serving) unawaited('serving the link', this.#serve());
    return passed;
  }

  /** Returns true if the bytes may go at once. */
  #book(bytes: number): boolean {
    const now = this.#clock.now();
    const busy = now - this.#passedAt <= BUSY_WITHIN_MS;
    if (this.#pacer.reserve(now, bytes, busy) > now) return false;
    this.#passedAt = now;
    return true;
  }

  #enqueue(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = guarded('leaving the queue of the link', () => {
        this.#leave(waiting);
        reject(signal?.reason as Error);
      });
      const waiting: Waiting = {
        bytes,
        pass: () => {
          signal?.removeEventListener('abort', leave);
          this.#count(bytes);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiting);
    });
  }

  /** Serves until the queue is empty. The first in it is booked already. */
  async #serve(): Promise<void> {
    this.#serving = true;
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      await this.#untilPassed();
      // If the first has left meanwhile, the next is booked in its place.
      if (first === this.#queue[0]) {
        this.#queue.shift();
        first.pass();
      }
      const next = this.#queue[0];
      if (next) this.#book(next.bytes);
    }
    this.#serving = false;
  }

  async #untilPassed(): Promise<void> {
    for (;;) {
      const now = this.#clock.now();
      const waitMs = this.#pacer.freeAt - now;
      if (waitMs <= 0) {
        this.#passedAt = now;
        return;
      }
      const { signal } = this.#changed;
      await this.#clock.sleep(Math.min(waitMs, LONGEST_SLEEP_MS), signal).catch(() => {});
    }
  }

  #leave(waiting: Waiting): void {
    const at = this.#queue.indexOf(waiting);
    this.#queue.splice(at, 1);
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
