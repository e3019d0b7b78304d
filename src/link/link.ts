// A node's access link: what it may send and receive, and how much it did. Both
// architectures move every payload byte through this class, so a cap means the
// same in either. Senders are served in the order in which they ask; one that
// asks for a block at a time shares the link evenly with the others.
import type { Clock } from '../runtime/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import { Pacer } from './pacer.ts';

/** A sender that asks again this soon after its last turn was waiting for the link. */
const BUSY_WITHIN_MS = 5;

export interface LinkOptions {
  /** Bytes per second; Infinity (the default) for no cap. */
  uplinkBytesPerSecond?: number;
  downlinkBytesPerSecond?: number;
  clock?: Clock;
  /** Called after every count; must be cheap. */
  onCount?: (link: Link) => void;
}

class Direction {
  readonly pacer: Pacer;
  readonly #clock: Clock;
  #lastTurnAt = Number.NEGATIVE_INFINITY;
  bytes = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.pacer = new Pacer(bytesPerSecond);
    this.#clock = clock;
  }

  /** Milliseconds until these bytes have passed; 0 when they may go now. */
  book(bytes: number): number {
    const now = this.#clock.now();
    const busy = now - this.#lastTurnAt <= BUSY_WITHIN_MS;
    const waitMs = this.pacer.reserve(now, bytes, busy) - now;
    if (waitMs <= 0) this.#lastTurnAt = now;
    return Math.max(0, waitMs);
  }

  async wait(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#clock.sleep(waitMs, signal);
    this.#lastTurnAt = this.#clock.now();
  }
}

export class Link {
  readonly #up: Direction;
  readonly #down: Direction;
  readonly #onCount: ((link: Link) => void) | undefined;

  constructor(options: LinkOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.#up = new Direction(options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY, clock);
    this.#down = new Direction(options.downlinkBytesPerSecond ?? Number.POSITIVE_INFINITY, clock);
    this.#onCount = options.onCount;
  }

  /** Payload bytes that left, and that came, so far. */
  get sentBytes(): number {
    return this.#up.bytes;
  }

  get receivedBytes(): number {
    return this.#down.bytes;
  }

  get uplinkBytesPerSecond(): number {
    return this.#up.pacer.bytesPerSecond;
  }

  get downlinkBytesPerSecond(): number {
    return this.#down.pacer.bytesPerSecond;
  }

  /** Changes a cap of a running link; holds from the next block on. */
  limit(caps: { uplinkBytesPerSecond?: number; downlinkBytesPerSecond?: number }): void {
    if (caps.uplinkBytesPerSecond !== undefined) {
      this.#up.pacer.bytesPerSecond = caps.uplinkBytesPerSecond;
    }
    if (caps.downlinkBytesPerSecond !== undefined) {
      this.#down.pacer.bytesPerSecond = caps.downlinkBytesPerSecond;
    }
  }

  /**
   * Resolves when `bytes` may be handed to the network. Ask for at most
   * a block at a time. Returns undefined, and costs no turn of the event
   * loop, when they may go at once: `const wait = link.send(n); if (wait !== undefined) await wait;`
   *
   * @throws the abort reason of `signal`; the bytes are then not counted.
   */
  send(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    return this.#pass(this.#up, bytes, signal);
  }

  /** Resolves when `bytes` that arrived may be taken; call before reading on. */
  receive(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    return this.#pass(this.#down, bytes, signal);
  }

  #pass(direction: Direction, bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    const waitMs = direction.book(bytes);
    if (waitMs === 0) {
      this.#count(direction, bytes);
      return undefined;
    }
    return direction.wait(waitMs, signal).then(() => this.#count(direction, bytes));
  }

  #count(direction: Direction, bytes: number): void {
    direction.bytes += bytes;
    this.#onCount?.(this);
  }
}
