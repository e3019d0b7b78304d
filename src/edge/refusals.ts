// What an edge refuses, and why. Reasons that only its origin knows are the origin's to tell.
import { SourceFailure } from '../client/http/source-failure.ts';
import { HubswarmError, hasCode } from '../runtime/errors.ts';
import { Refusal, type Upstream } from '../runtime/refusal.ts';

/** A failure on the way to an answer, as a refusal; what is no matter of the asker stays as it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  if (hasCode(error, 'ERR_DISK_FULL')) {
    return new Refusal('ERR_DISK_FULL', 'the cache has no room for it', { cause: error });
  }
  const isOrigin = error instanceof SourceFailure || hasCode(error, 'ERR_NO_SOURCE');
  if (!isOrigin && !hasCode(error, 'ERR_MANIFEST')) return error;
  const message = 'the origin cannot be reached, or sent what it should not';
  const upstreams = upstreamsOf(error);
  return new Refusal('ERR_NO_SOURCE', message, { retryAfterMs: 1000, upstreams, cause: error });
}

/** What an asker may know of a failure at the origin: its kind, and never a name or an address. */
export function upstreamsOf(error: unknown): readonly Upstream[] {
  const failure =
    error instanceof HubswarmError && hasCode(error, 'ERR_NO_SOURCE') ? error.cause : error;
  if (!(failure instanceof SourceFailure)) return [];
  const { error: kind, status, upstreams } = failure;
  if (status !== undefined) return [...upstreams, { status }];
  return [...upstreams, { error: kind ?? 'http_protocol_error' }];
}

/** The origin answered no: its status as a refusal of this edge. */
export function refusedBy(status: number): Refusal {
  if (status === 404 || status === 410)
    return new Refusal('ERR_NOT_FOUND', 'no such file or directory');
  if (status === 401 || status === 403)
    return new Refusal('ERR_NOT_PERMITTED', 'the origin does not give it');
  if (status === 508) return new Refusal('ERR_CIRCLE', 'the caches ask one another in a circle');
  return new Refusal('ERR_NO_SOURCE', `the origin answered ${status}`, { upstreams: [{ status }] });
}
