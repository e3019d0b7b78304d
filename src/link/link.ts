// A process's one link: how fast it may send and receive, and how many bytes it did. Both
// architectures move every payload byte through this class, so a cap means the same in
// both. Senders are served in the order in which they ask. A sender that asks for one
// block at a time shares the link evenly with the others.
import type { Clock } from '../runtime/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import { Direction } from './direction.ts';

/** Bytes per second; Infinity for no cap. A direction that is left out keeps its cap. */
export interface Caps {
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
}

/** A direction without a cap is not capped. */
export interface LinkOptions extends Caps {
  clock?: Clock;
  /** Called after every count; must be cheap. */
  onCount?: (link: Link) => void;
}

export class Link {
  readonly #up: Direction;
  readonly #down: Direction;

  constructor(options: LinkOptions = {}) {
    const clock = options.clock ?? systemClock;
    const { onCount } = options;
    const direction = (bytesPerSecond = Number.POSITIVE_INFINITY): Direction =>
      new Direction(bytesPerSecond, clock, () => onCount?.(this));
    this.#up = direction(options.uplinkBytesPerSecond);
    this.#down = direction(options.downlinkBytesPerSecond);
  }

  /** Payload bytes sent so far. */
  get sentBytes(): number {
    return this.#up.bytes;
  }

  /** Payload bytes received so far. */
  get receivedBytes(): number {
    return this.#down.bytes;
  }

  get uplinkBytesPerSecond(): number {
    return this.#up.bytesPerSecond;
  }

  get downlinkBytesPerSecond(): number {
    return this.#down.bytesPerSecond;
  }

  /** Changes the caps of a running link, at once, also for senders that wait. */
  limit({ uplinkBytesPerSecond, downlinkBytesPerSecond }: Caps): void {
    if (uplinkBytesPerSecond !== undefined) this.#up.limit(uplinkBytesPerSecond);
    if (downlinkBytesPerSecond !== undefined) this.#down.limit(downlinkBytesPerSecond);
  }

  /**
   * Resolves when `bytes` may be handed to the network. Ask for at most one block at a time.
   * If they may go at once it returns undefined, so that the caller need not wait:
   * `const wait = link.send(n); if (wait !== undefined) await wait;`
   *
   * @throws the abort reason of `signal`; the bytes are then not counted.
   */
  send(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    return this.#up.pass(bytes, signal);
  }

  /** Resolves when `bytes` that arrived may be used. Call it before reading on. */
  receive(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    return this.#down.pass(bytes, signal);
  }
}
