// Which mirror to ask, and when. After a failure its host waits, exponentially longer each time and
// with jitter, so that the clients of a restarted hub do not return all at once. The wait concerns
// all URLs of a host that is down or busy. A URL with a final failure, or of a host whose name nobody
// has, is not asked again; that says nothing about the others. Pure: time and chance are arguments.
import type { Rng } from '../../runtime/rng.ts';
import { ANY_BYTES, LEAST_BYTES } from '../http/least-rate.ts';
import type { SourceFailure } from '../http/source-failure.ts';

/** Chosen: a hub that restarts is back within one or two of these waits. */
const FIRST_DELAY_MS = 500;
/** Chosen: well below the default --timeout, so that several attempts fit. */
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

  /** @param urls in the order of preference */
  constructor(urls: readonly URL[], rng: Rng) {
    const hosts = new Map<string, Host>();
    this.#mirrors = urls.map((url) => {
      const host = hosts.get(url.host) ?? { failures: 0, dueAt: Number.NEGATIVE_INFINITY };
      hosts.set(url.host, host);
      return { url, host, failures: 0 };
    });
    this.#rng = rng;
  }

  /** Number of URLs that may still be asked. */
  get size(): number {
    return this.#mirrors.length;
  }

  /** The due mirror with the fewest failures; if none is due, the one that is due first. */
  pick(now: number): Turn | undefined {
    const order = [...this.#mirrors].sort((a, b) => {
      const aWait = Math.max(0, a.host.dueAt - now);
      const bWait = Math.max(0, b.host.dueAt - now);
      return aWait - bWait || a.failures - b.failures;
    });
    const first = order[0];
    return first && { url: first.url, waitMs: Math.max(0, first.host.dueAt - now) };
  }

  /** Least bytes of a body from a URL in each timeout: as long as no other mirror may take over, any. */
  leastBytes(url: URL): number {
    const isSpare = (each: Mirror): boolean => each.url !== url && each.failures === 0;
    return this.#mirrors.some(isSpare) ? LEAST_BYTES : ANY_BYTES;
  }

  handleSuccess(url: URL): void {
    const mirror = this.#mirrors.find((each) => each.url === url);
    if (!mirror) return;
    mirror.failures = 0;
    mirror.host.failures = 0;
  }

  /** Returns when its host will be asked again; undefined if that URL will not. */
  handleFailure(
    url: URL,
    failure: SourceFailure,
    now: number,
  ): { attempt: number; delayMs: number } | undefined {
    const index = this.#mirrors.findIndex((each) => each.url === url);
    const mirror = this.#mirrors[index];
    if (!mirror) return undefined;
    if (failure.final || failure.nameless) {
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
    // The host may already wait longer because of another URL.
    host.dueAt = Math.max(host.dueAt, now + delayMs);
    // Round: a clock has fractions, and their sums have errors.
    return { attempt: host.failures, delayMs: Math.round(host.dueAt - now) };
  }
}
