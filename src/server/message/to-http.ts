// The one translation of the hub's refusals to HTTP: a status for each code, the same text, and the
// header fields that belong to it. Pure.

import { formatProxyStatus } from '../../api/proxy-status.ts';
import { RateRefusal } from '../../hub/access/request-rate.ts';
import { TokenRefusal } from '../../hub/access/token-refusal.ts';
import { fileRefusal, Refusal, type RefusalCode } from '../../runtime/refusal.ts';
import { challengesFor } from './challenge.ts';
import { type FailureHeaders, HttpFailure } from './http-failure.ts';

const STATUS: Readonly<Record<RefusalCode, number>> = {
  ERR_MALFORMED: 400,
  ERR_TOKEN_INVALID: 401,
  ERR_TOKEN_KEY: 401,
  ERR_TOKEN_MISSING: 401,
  ERR_NOT_PERMITTED: 403,
  ERR_SCOPE: 403,
  ERR_NOT_FOUND: 404,
  ERR_CONFLICT: 409,
  ERR_EXPIRED: 410,
  ERR_PRECONDITION: 412,
  ERR_TOO_LARGE: 413,
  ERR_NAME_TOO_LONG: 414,
  ERR_LOCKED: 423,
  ERR_RATE: 429,
  ERR_NO_SOURCE: 502,
  ERR_BUSY: 503,
  ERR_SOURCE_CHANGED: 503,
  ERR_NOT_CACHED: 504,
  ERR_DISK_FULL: 507,
  ERR_QUOTA: 507,
  ERR_CIRCLE: 508,
};

/**
 * The answer to an error; undefined for a failure of the hub itself, which the caller did not
 * cause.
 */
export function toHttp(thrown: unknown): HttpFailure | undefined {
  if (thrown instanceof HttpFailure) return thrown;
  const error = fileRefusal(thrown);
  if (!(error instanceof Refusal)) return undefined;
  return new HttpFailure(STATUS[error.code], textOf(error), headersOf(error), error.code);
}

function textOf({ code, message }: Refusal): string {
  if (code !== 'ERR_TOKEN_MISSING') return message;
  return `${message}: send 'Authorization: Bearer TOKEN', or the token as password`;
}

function headersOf(error: Refusal): FailureHeaders {
  if (error instanceof TokenRefusal) return { 'WWW-Authenticate': challengesFor(error) };
  const { upstreams } = error;
  const origin: FailureHeaders =
    upstreams.length > 0 ? { 'Proxy-Status': formatProxyStatus(upstreams) } : {};
  if (error.retryAfterMs === undefined) return origin;
  const seconds = Math.ceil(error.retryAfterMs / 1000);
  const wait = { ...origin, 'Retry-After': String(seconds) };
  return error instanceof RateRefusal ? { ...wait, ...rateHeaders(error, seconds) } : wait;
}

/** RFC 6585 section 4; draft-ietf-httpapi-ratelimit-headers-10. */
function rateHeaders({ kind, rate: { requests, perMs } }: RateRefusal, seconds: number) {
  return {
    'RateLimit-Policy': `"${kind}";q=${requests};w=${perMs / 1000}`,
    RateLimit: `"${kind}";r=0;t=${seconds}`,
  };
}
