// A request of an upload that a hub does not answer, since it restarts or the way to it is cut, is
// sent again, until that was in vain for too long. One that never answered is not waited for: the URL
// may be wrong. All of them may be sent twice: they say what shall
// be, not what shall change.
import { systemClock } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import { isUnanswered, retryAfterOf, statusOf } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';

/** Wait before the second attempt, which doubles. Chosen: a hub restarts in about that time. */
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 5000;
/** Of a hub, or a proxy before it, that will do it soon. */
const SOON = new Set([408, 425, 429, 502, 503, 504]);

export interface Retrying {
  /** Time from the first failure on until the last. */
  readonly stallMs: number;
  readonly access?: Access | undefined;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly url: URL;
}

/** @throws what `work` throws when it is final, or has failed for stallMs; the signal's reason */
export async function untilAnswered<T>(
  { stallMs, access, signal, emit, url }: Retrying,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  let failingSince: number | undefined;
  for (let attempt = 1, waitMs = FIRST_WAIT_MS; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      signal.throwIfAborted();
      const now = systemClock.now();
      failingSince ??= now;
      const leftMs = failingSince + stallMs - now;
      if (!access?.hasHeard(url) || !passes(error) || leftMs <= 0) throw error;
      const delayMs = Math.min(retryAfterOf(error) ?? waitMs, leftMs);
      waitMs = Math.min(2 * waitMs, MOST_WAIT_MS);
      const remote = showUrl(url);
      emit({ event: 'source_failed', remote, reason: describeError(error) });
      emit({ event: 'source_retried', remote, attempt, delayMs });
      await systemClock.sleep(delayMs, signal);
    }
  }
}

const passes = (error: unknown): boolean => isUnanswered(error) || SOON.has(statusOf(error) ?? 0);
