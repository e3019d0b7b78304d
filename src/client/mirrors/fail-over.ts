// Runs an attempt against one mirror after another, until one succeeds, none is left, or no
// progress was made for too long. The attempt reports its progress to Patience.
import type { Clock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import { LEAST_BYTES } from '../http/least-rate.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import type { Mirrors } from './mirrors.ts';

/** The time that may pass without progress. */
export class Patience {
  readonly #clock: Clock;
  readonly #limitMs: number;
  #progressAt: number;
  /** For each stretch of the file: the most bytes that any attempt got. */
  readonly #furthest = new Map<number, number>();
  /** New bytes since the last progress. */
  #newBytes = 0;

  constructor(limitMs: number, clock: Clock) {
    this.#limitMs = limitMs;
    this.#clock = clock;
    this.#progressAt = clock.now();
  }

  get leftMs(): number {
    return this.#progressAt + this.#limitMs - this.#clock.now();
  }

  get limitMs(): number {
    return this.#limitMs;
  }

  /** Starts the time again, for a new stage of the transfer. */
  restart(): void {
    this.#newBytes = 0;
    this.#progressAt = this.#clock.now();
  }

  /**
   * Bytes of a stretch of the file (a piece, or the whole file) came. Only new bytes count: a
   * mirror that always dies at the same place makes no progress.
   *
   * @param leastBytes fewer new bytes are no progress
   */
  handleBytes(stretch: number, bytes: number, leastBytes = LEAST_BYTES): void {
    const before = this.#furthest.get(stretch) ?? 0;
    if (bytes <= before) return;
    this.#furthest.set(stretch, bytes);
    this.#newBytes += bytes - before;
    if (this.#newBytes >= leastBytes) this.restart();
  }

  /** The stretch is complete. */
  handleDone(stretch: number): void {
    this.#furthest.delete(stretch);
    this.restart();
  }
}

export interface FailOver {
  readonly mirrors: Mirrors;
  readonly patience: Patience;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * @throws HubswarmError ERR_NO_SOURCE with the last reason, and the failure as its cause; what `attempt` throws unless it is a
 * SourceFailure
 */
export async function tryMirrors<T>(
  context: FailOver,
  attempt: (url: URL) => Promise<T>,
): Promise<T> {
  const { mirrors, patience, emit, clock, signal } = context;
  let last = 'no mirror is left';
  let cause: unknown;
  for (;;) {
    const turn = mirrors.pick(clock.now());
    if (!turn) throw new HubswarmError('ERR_NO_SOURCE', last, { cause });
    if (turn.waitMs > 0) {
      const leftMs = patience.leftMs;
      if (leftMs <= 0) {
        const limit = `gave up after ${patience.limitMs / 1000} s without progress`;
        throw new HubswarmError('ERR_NO_SOURCE', `${last}; ${limit}`, { cause });
      }
      await clock.sleep(Math.min(turn.waitMs, leftMs), signal);
      continue;
    }
    try {
      return await attempt(turn.url);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceFailure)) throw error;
      const remote = showUrl(turn.url);
      last = `${remote}: ${error.message}`;
      cause = error;
      const retry = mirrors.handleFailure(turn.url, error, clock.now());
      // The last mirror's reason is reported once, with the transfer's failure.
      if (mirrors.size > 0) emit({ event: 'source_failed', remote, reason: error.message });
      if (retry && patience.leftMs > 0) emit({ event: 'source_retried', remote, ...retry });
    }
  }
}
