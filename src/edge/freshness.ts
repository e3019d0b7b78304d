// What an origin says of keeping its file: Cache-Control, Expires and Age (RFC 9111 sections 4.2 and
// 5.2.2), for a shared cache. `no-cache` is obeyed beside another directive. Alone it is what every
// hub says unless told otherwise, and what --cache-ttl is there to relax. Pure.
import { parseHttpDate } from '../api/http-date.ts';

export interface Keeping {
  /** Whether a shared cache may keep it at all. */
  readonly isKept: boolean;
  /** Milliseconds for which the origin lets a copy be served unasked; undefined if it does not say. */
  readonly lifetimeMs?: number | undefined;
  /** Whether a copy may not be served once it is stale, even if the origin cannot be asked. */
  readonly isStrict?: boolean | undefined;
  /** The field as it came, for who asks next; undefined if there was none. */
  readonly cacheControl?: string | undefined;
}

/** Longest field that is kept for the next. Chosen; a longer one is obeyed, and not passed on. */
const MAX_FIELD = 256;
const DIRECTIVE = /([!#$%&'*+.^_`|~\w-]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g;

export function keepingOf(headers: ReadonlyMap<string, string>): Keeping {
  const field = headers.get('cache-control');
  const said = directives(field ?? '');
  const lifetimes = said.get('s-maxage') ?? said.get('max-age');
  // One that names fields is about these alone (section 5.2.2.4).
  const isNoCache = said.size > 1 && said.get('no-cache')?.includes('') === true;
  const lifetimeMs = lifetimes ? Math.min(...lifetimes.map(toMs)) : untilExpiry(headers);
  return {
    isKept: !said.has('no-store') && !said.has('private'),
    lifetimeMs: isNoCache ? 0 : lifetimeMs,
    isStrict: isNoCache || STRICT.some((name) => said.has(name)),
    cacheControl: field !== undefined && field.length <= MAX_FIELD ? field : undefined,
  };
}

/**
 * Milliseconds since the true origin confirmed it (section 4.2.3): by what caches on the way say, or by
 * its Date, whichever is more. A Date is cut to whole seconds.
 */
export function ageOfAnswer(headers: ReadonlyMap<string, string>, nowMs = Date.now()): number {
  const seconds = /^\s*(\d{1,10})\s*(?:[,;]|$)/.exec(headers.get('age') ?? '')?.[1];
  const date = parseHttpDate(headers.get('date'), nowMs) ?? nowMs;
  return Math.max(Number(seconds ?? 0) * 1000, nowMs - date - 999, 0);
}

/** s-maxage implies it (section 5.2.2.10). */
const STRICT = ['must-revalidate', 'proxy-revalidate', 's-maxage'];

function directives(field: string): Map<string, string[]> {
  const said = new Map<string, string[]>();
  for (const [, name = '', quoted, plain] of field.matchAll(DIRECTIVE)) {
    const key = name.toLowerCase();
    const values = said.get(key) ?? [];
    values.push(quoted ?? plain ?? '');
    said.set(key, values);
  }
  return said;
}

/** What is no number of seconds counts as stale (section 4.2.1). */
const toMs = (seconds: string): number =>
  /^\d+$/.test(seconds) ? Math.min(Number(seconds), 2 ** 31) * 1000 : 0;

/** Expires less Date (section 5.3); an invalid one is in the past. */
function untilExpiry(headers: ReadonlyMap<string, string>): number | undefined {
  const expires = headers.get('expires');
  if (expires === undefined) return undefined;
  const until = parseHttpDate(expires);
  if (until === undefined) return 0;
  return Math.max(0, until - (parseHttpDate(headers.get('date')) ?? Date.now()));
}
