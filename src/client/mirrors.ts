// Which mirror to ask, and when. A failed mirror waits, exponentially longer and
// jittered so that clients of a restarted hub do not come back as one; one whose
// failure is final is asked no more. Pure: time and chance are passed in.
import type { Rng } from '../runtime/rng.ts';
import type { SourceFailure } from './source-failure.ts';

/** Chosen: a hub that restarts is back within one or two of these. */
const FIRST_DELAY_MS = 500;
/** Chosen: well below the default --timeout, so that there are several tries. */
const MAX_DELAY_MS = 5000;

interface Mirror {
  readonly url: URL;
  /** In a row. */
  failures: number;
  dueAt: number;
}

export interface Turn {
  readonly url: URL;
  readonly waitMs: number;
}

export class Mirrors {
  readonly #mirrors: Mirror[];
  readonly #rng: Rng;

  /** In the order of preference. */
  constructor(urls: readonly URL[], rng: Rng) {
    this.#mirrors = urls.map((url) => ({ url, failures: 0, dueAt: Number.NEGATIVE_INFINITY }));
    this.#rng = rng;
  }

  /** How many may still be asked. */
  get size(): number {
    return this.#mirrors.length;
  }

  /** The mirror with the fewest failures of those due, else the one due first. */
  pick(now: number): Turn | undefined {
    const order = [...this.#mirrors].sort((a, b) => {
      const aWait = Math.max(0, a.dueAt - now);
      const bWait = Math.max(0, b.dueAt - now);
      return aWait - bWait || a.failures - b.failures;
    });
    const first = order[0];
    return first && { url: first.url, waitMs: Math.max(0, first.dueAt - now) };
  }

  handleSuccess(url: URL): void {
    const mirror = this.#mirrors.find((each) => each.url === url);
    if (mirror) mirror.failures = 0;
  }

  /** When it will be asked again; undefined when it will not. */
  handleFailure(
    url: URL,
    failure: SourceFailure,
    now: number,
  ): { attempt: number; delayMs: number } | undefined {
    const index = this.#mirrors.findIndex((each) => each.url === url);
    const mirror = this.#mirrors[index];
    if (!mirror) return undefined;
    if (failure.final) {
      this.#mirrors.splice(index, 1);
      return undefined;
    }
    const backOffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** mirror.failures);
    mirror.failures++;
    const delayMs = Math.max(
      failure.retryAfterMs ?? 0,
      Math.round(backOffMs * (0.5 + 0.5 * this.#rng.next())),
    );
    mirror.dueAt = now + delayMs;
    return { attempt: mirror.failures, delayMs };
  }
}
