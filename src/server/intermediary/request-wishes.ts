// What a client says of how fresh its answer must be: Cache-Control of a request
// (RFC 9111 section 5.2.1). max-stale asks for nothing that an edge does not do
// anyway, and no-store is the client's own. What is malformed says nothing. Pure.
import type { Wishes } from '../../hub/intermediary/intermediary.ts';

const WITHOUT: Wishes = {
  maxAgeMs: Number.POSITIVE_INFINITY,
  minFreshMs: 0,
  onlyIfCached: false,
};

export function requestWishes(cacheControl: string | undefined): Wishes {
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

/** Of a number of seconds, quoted or not. */
function milliseconds(seconds: string | undefined): number | undefined {
  const [, digits] = /^"?(\d+)"?$/.exec(seconds ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * 1000;
}
