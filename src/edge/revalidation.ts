// Decides which version of a path is served. It asks the origin by HEAD, with the tag of the cached
// version, once for all requests that come meanwhile. An origin that does not answer is left alone
// for a moment, so that the requests of a crowd do not wait one after another.
import {
  type Asker,
  notCached,
  type Outcome,
  type Wishes,
} from '../hub/intermediary/intermediary.ts';
import { forgetOldest } from '../runtime/forget-oldest.ts';
import { attempt } from '../runtime/linked-abort.ts';
import { Refusal, type Upstream } from '../runtime/refusal.ts';
import type { Emit } from '../telemetry/event.ts';
import { ageOf, earlier, thisMoment } from './age.ts';
import type { Cache } from './cache.ts';
import type { Head, Origin } from './origin.ts';
import type { KnownVersion, PathIndex } from './path-index.ts';
import { refusedBy } from './refusals.ts';

export type Checked = { readonly version: KnownVersion; readonly outcome: Outcome } | 'page';

export interface RevalidationOptions {
  readonly origin: Origin;
  readonly cache: Pick<Cache, 'holds' | 'giveUp'>;
  readonly index: PathIndex;
  /** Milliseconds for which a copy is served after a comparison without asking the origin. */
  readonly ttlMs: number;
  /** Milliseconds that the origin may take if there is no copy to serve instead. */
  readonly patienceMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Longest wait for the origin if there is a copy. Chosen. */
const STALE_AFTER_MS = 3000;
/**
 * Time for which a path is asked about anew each time once somebody was sent to the origin to change
 * it: when that was done is not seen here. Chosen: as long as a large upload takes.
 */
const CHANGING_MS = 3_600_000;
/** Most of these paths. Chosen; the oldest go first. */
const MAX_CHANGING = 4096;
/** Time for which a silent origin is left alone. Chosen: a restart takes about as long. */
const LEAVE_ALONE_MS = 2000;

interface Unreachable {
  readonly untilMs: number;
  readonly reason: string;
  readonly upstreams: readonly Upstream[];
}

/** Refusals that are about the path, whoever asks. */
const SAYS_GONE = new Set([401, 403, 404, 410]);

export class Revalidation {
  readonly #options: RevalidationOptions;
  readonly #running = new Map<string, Promise<Checked>>();
  /** Paths that somebody may change, and until when by the monotonic clock. */
  readonly #changing = new Map<string, number>();
  #unreachable: Unreachable = { untilMs: 0, reason: '', upstreams: [] };

  constructor(options: RevalidationOptions) {
    this.#options = options;
  }

  /**
   * @param key of the path.
   * @throws Refusal ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_NO_SOURCE, ERR_NOT_CACHED, ERR_CIRCLE
   */
  async check(key: string, url: URL, asker: Asker): Promise<Checked> {
    // Who came over other hops may get another answer.
    const question = `${asker.via}\n${key}`;
    const running = this.#running.get(question);
    if (running !== undefined) {
      const checked = await running;
      if (checked === 'page' || checked.outcome.kind !== 'miss') return checked;
      return { ...checked, outcome: { ...checked.outcome, collapsed: true } };
    }
    const asked = this.#ask(key, url, asker).finally(() => this.#running.delete(question));
    this.#running.set(question, asked);
    return asked;
  }

  /** RFC 9111 section 4.4. @param key of a path that may be changed from now on */
  invalidate(key: string): void {
    this.#changing.delete(key);
    this.#changing.set(key, performance.now() + CHANGING_MS);
    forgetOldest(this.#changing, MAX_CHANGING);
  }

  #mayChange(key: string): boolean {
    const until = this.#changing.get(key) ?? 0;
    if (until !== 0 && until < performance.now()) this.#changing.delete(key);
    return until > performance.now();
  }

  async #ask(key: string, url: URL, { via, wishes }: Asker): Promise<Checked> {
    const { origin, cache, index, ttlMs, patienceMs, signal } = this.#options;
    const known = index.get(key);
    const here = known && cache.holds(known.cid) ? known : undefined;
    if (here && !this.#mayChange(key) && isFresh(here, ttlMs, wishes)) {
      return { version: here, outcome: { kind: 'fresh' } };
    }
    if (wishes.onlyIfCached) throw notCached();
    if (here && performance.now() < this.#unreachable.untilMs) return this.#stale(here);
    const limitMs = here ? STALE_AFTER_MS : patienceMs;
    const head = await attempt([signal], limitMs, (limited) =>
      origin.head(url, here?.cid, via, limited),
    );
    return this.#settle(key, here, head);
  }

  async #settle(key: string, here: KnownVersion | undefined, head: Head): Promise<Checked> {
    const { index, cache, origin, emit } = this.#options;
    if (head.kind === 'unreachable') {
      const untilMs = performance.now() + LEAVE_ALONE_MS;
      const { reason, upstreams } = head;
      this.#unreachable = { untilMs, reason, upstreams };
      emit({ event: 'source_failed', remote: origin.shown, reason });
      if (here) return this.#stale(here);
      const message = 'the origin cannot be reached';
      throw new Refusal('ERR_NO_SOURCE', message, { retryAfterMs: 2000, upstreams });
    }
    this.#unreachable = { ...this.#unreachable, untilMs: 0 };
    if ((head.kind === 'unchanged' || head.kind === 'file') && !head.keeping.isKept) {
      index.delete(key);
      // RFC 9111 section 5.2.2.5: what was kept before is not kept on, nor given by its CID.
      if (here && index.pathsOf(here.cid).length === 0) await cache.giveUp(here.cid);
      return 'page';
    }
    if (head.kind === 'unchanged' && here) {
      // RFC 9111 section 3.2: what a 304 does not say stays.
      const keeping = head.keeping.cacheControl === undefined ? here.keeping : head.keeping;
      const { modifiedMs = here.modifiedMs, executable = here.executable } = head;
      const said = { modifiedMs, executable, keeping };
      const version = { ...here, ...said, ...earlier(thisMoment(), head.ageMs) };
      index.set(key, version);
      return { version, outcome: { kind: 'revalidated' } };
    }
    if (head.kind === 'file') {
      const { modifiedMs, executable, keeping, ageMs } = head;
      const checked = earlier(thisMoment(), ageMs);
      const facts = { modifiedMs, executable, keeping };
      const version = { cid: head.cid.toString(), ...facts, ...checked };
      const isSame = version.cid === here?.cid;
      index.set(key, version);
      const miss = { kind: 'miss', replaces: here !== undefined, collapsed: false } as const;
      return { version, outcome: isSame ? { kind: 'revalidated' } : miss };
    }
    const status = head.kind === 'refused' ? head.status : 502;
    // Other refusals may be the asker's own: of a circle that it pretends, or too long a head.
    if (head.kind === 'page' || SAYS_GONE.has(status)) index.delete(key);
    if (head.kind === 'page') return 'page';
    throw refusedBy(status);
  }

  /** @throws Refusal ERR_NOT_CACHED if the origin forbids it (RFC 9111 section 5.2.2.2: 504) */
  #stale(version: KnownVersion): Checked {
    if (version.keeping?.isStrict) {
      const message = 'the origin cannot be reached, and lets no copy be served without it';
      const { upstreams } = this.#unreachable;
      throw new Refusal('ERR_NOT_CACHED', message, { retryAfterMs: 2000, upstreams });
    }
    return { version, outcome: { kind: 'stale', reason: this.#unreachable.reason } };
  }
}

/** Whether a copy may be served without asking. */
function isFresh(version: KnownVersion, ttlMs: number, wishes: Wishes): boolean {
  const ageMs = ageOf(version);
  // The operator's word is the most, the origin's the less.
  const lifetimeMs = Math.min(ttlMs, version.keeping?.lifetimeMs ?? ttlMs);
  return ageMs < Math.min(lifetimeMs, wishes.maxAgeMs) && lifetimeMs - ageMs >= wishes.minFreshMs;
}
