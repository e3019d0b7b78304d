// What a client says of how fresh its answer must be: Cache-Control of a request
// (RFC 9111 section 5.2.1). max-stale asks for nothing that an edge does not do
// anyway, and no-store is the client's own. What is malformed says nothing. Pure.
import { HttpFailure } from '../server/message/http-failure.ts';

export interface RequestDirectives {
  /** Older copies are compared with the origin first; 0 for every copy. */
  readonly maxAgeMs: number;
  /** For so long the copy must stay fresh. */
  readonly minFreshMs: number;
  /** Nothing is asked of the origin. */
  readonly onlyIfCached: boolean;
}

const WITHOUT: RequestDirectives = {
  maxAgeMs: Number.POSITIVE_INFINITY,
  minFreshMs: 0,
  onlyIfCached: false,
};

export function requestDirectives(cacheControl: string | undefined): RequestDirectives {
  if (cacheControl === undefined) return WITHOUT;
  const given = new Map(
    cacheControl.split(',').map((directive) => {
      const [name = '', value] = directive.trim().toLowerCase().split('=');
      return [name, value];
    }),
  );
  const maxAgeMs = milliseconds(given.get('max-age')) ?? Number.POSITIVE_INFINITY;
  return {
    maxAgeMs: given.has('no-cache') ? 0 : maxAgeMs,
    minFreshMs: milliseconds(given.get('min-fresh')) ?? 0,
    onlyIfCached: given.has('only-if-cached'),
  };
}

/** Whether a copy of that age may be served without asking. */
export function isFresh(ageMs: number, ttlMs: number, wishes: RequestDirectives): boolean {
  return ageMs < Math.min(ttlMs, wishes.maxAgeMs) && ttlMs - ageMs >= wishes.minFreshMs;
}

/** For who wants nothing but what is here (section 5.2.1.7). */
export function notHere(): HttpFailure {
  return new HttpFailure(504, 'not in the cache, or not known to be fresh');
}

/** Of a number of seconds, quoted or not. */
function milliseconds(seconds: string | undefined): number | undefined {
  const [, digits] = /^"?(\d+)"?$/.exec(seconds ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * 1000;
}
