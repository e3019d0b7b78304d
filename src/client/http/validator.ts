// The validator of one version of a file on a plain HTTP server (RFC 9110 section 8.8). Only a
// strong validator may join bytes of two answers: with a weak one, two versions could be joined.

import { parseHttpDate } from '../../api/http-date.ts';

/**
 * RFC 9110 section 8.8.2.2 takes a date as strong if the answer is a second younger and both come
 * from one clock. We do not know whether they do, and file times may be coarse. So we ask for a
 * minute, as RFC 7232 did.
 */
const STRONG_DATE_MS = 60_000;

/** The content coding that bytes came in; undefined for the file's own bytes. */
export function contentCoding(headers: ReadonlyMap<string, string>): string | undefined {
  const coding = headers.get('content-encoding')?.toLowerCase() ?? '';
  return ['', 'identity'].includes(coding) ? undefined : coding;
}

export function strongTag(headers: ReadonlyMap<string, string>): string | undefined {
  const tag = headers.get('etag');
  return tag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : undefined;
}

/**
 * The entity tag, or the date if there is no tag. A server that names a weak tag says that the
 * bytes may differ: then the date does not help (RFC 9110 section 13.1.5).
 */
export function strongValidator(headers: ReadonlyMap<string, string>): string | undefined {
  if (headers.has('etag')) return strongTag(headers);
  const modified = headers.get('last-modified');
  const [sentAt, changedAt] = [parseHttpDate(headers.get('date')), parseHttpDate(modified)];
  if (sentAt === undefined || changedAt === undefined) return undefined;
  return sentAt - changedAt >= STRONG_DATE_MS ? modified : undefined;
}
