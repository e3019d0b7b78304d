// Runs an attempt against one mirror after another until one succeeds, none is
// left, or nothing got any further for too long. What "further" means is the
// attempt's to say, through Patience.
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
  /** By stretch of the file: how far any try came in it. */
  readonly #furthest = new Map<number, number>();
  /** New since the last progress: fewer than LEAST_BYTES are none. */
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

  /** A new stage of the transfer begins. */
  restart(): void {
    this.#newBytes = 0;
    this.#progressAt = this.#clock.now();
  }

  /**
   * Bytes of a stretch of the file (a piece, or the whole) that came. Only what is new
   * counts: a mirror that dies in the same place over and over makes no progress.
   */
  handleBytes(stretch: number, bytes: number): void {
    const before = this.#furthest.get(stretch) ?? 0;
    if (bytes <= before) return;
    this.#furthest.set(stretch, bytes);
    this.#newBytes += bytes - before;
    if (this.#newBytes >= LEAST_BYTES) this.restart();
  }

  /** That stretch is here for good. */
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

/** @throws HubswarmError ERR_NO_SOURCE with the last reason; what `attempt` throws beside SourceFailure */
export async function tryMirrors<T>(
  context: FailOver,
  attempt: (url: URL) => Promise<T>,
): Promise<T> {
  const { mirrors, patience, emit, clock, signal } = context;
  let last = 'no mirror is left';
  for (;;) {
    const turn = mirrors.pick(clock.now());
    if (!turn) throw new HubswarmError('ERR_NO_SOURCE', last);
    if (turn.waitMs > 0) {
      const leftMs = patience.leftMs;
      if (leftMs <= 0) {
        const limit = `gave up after ${patience.limitMs / 1000} s without progress`;
        throw new HubswarmError('ERR_NO_SOURCE', `${last}; ${limit}`);
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
      const retry = mirrors.handleFailure(turn.url, error, clock.now());
      // The last one's reason is the transfer's: it is told once, at the end.
      if (mirrors.size > 0) emit({ event: 'source_failed', remote, reason: error.message });
      if (retry && patience.leftMs > 0) emit({ event: 'source_retried', remote, ...retry });
    }
  }
}
