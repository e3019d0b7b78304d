// Which mirror to ask, and when. After a failure its host waits, exponentially longer
// and jittered so that clients of a restarted hub do not come back as one: a host that
// is down or busy is so for all of its URLs. A URL whose failure is final is asked no
// more, and says nothing of the others. Pure: time and chance are passed in.
import type { Rng } from '../../runtime/rng.ts';
import type { SourceFailure } from '../http/source-failure.ts';

/** Chosen: a hub that restarts is back within one or two of these. */
const FIRST_DELAY_MS = 500;
/** Chosen: well below the default --timeout, so that there are several tries. */
const MAX_DELAY_MS = 5000;

interface Host {
  /** In a row. */
  failures: number;
  dueAt: number;
}

interface Mirror {
  readonly url: URL;
  readonly host: Host;
  /** In a row. */
  failures: number;
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
    const hosts = new Map<string, Host>();
    this.#mirrors = urls.map((url) => {
      const host = hosts.get(url.host) ?? { failures: 0, dueAt: Number.NEGATIVE_INFINITY };
      hosts.set(url.host, host);
      return { url, host, failures: 0 };
    });
    this.#rng = rng;
  }

  /** How many may still be asked. */
  get size(): number {
    return this.#mirrors.length;
  }

  /** The mirror with the fewest failures of those due, else the one due first. */
  pick(now: number): Turn | undefined {
    const order = [...this.#mirrors].sort((a, b) => {
      const aWait = Math.max(0, a.host.dueAt - now);
      const bWait = Math.max(0, b.host.dueAt - now);
      return aWait - bWait || a.failures - b.failures;
    });
    const first = order[0];
    return first && { url: first.url, waitMs: Math.max(0, first.host.dueAt - now) };
  }

  handleSuccess(url: URL): void {
    const mirror = this.#mirrors.find((each) => each.url === url);
    if (!mirror) return;
    mirror.failures = 0;
    mirror.host.failures = 0;
  }

  /** When its host will be asked again; undefined when that URL will not. */
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
    const { host } = mirror;
    const backOffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** host.failures);
    mirror.failures++;
    host.failures++;
    const delayMs = Math.max(
      failure.retryAfterMs ?? 0,
      Math.round(backOffMs * (0.5 + 0.5 * this.#rng.next())),
    );
    // Another of its URLs may have been told to wait longer.
    host.dueAt = Math.max(host.dueAt, now + delayMs);
    // Clocks have fractions, and their sums errors.
    return { attempt: host.failures, delayMs: Math.round(host.dueAt - now) };
  }
}
