// Conditional requests (RFC 9110 section 13), in the order of section 13.2.2. Pure. A list of tags
// that cannot be parsed matches nothing: a read is answered whole, and a write is refused, since it
// is unknown what the list should protect.
import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from '../../api/http-date.ts';

export interface Validators {
  /**
   * The entity tag with its quotes, and with W/ if it is weak; undefined if nothing tells versions
   * apart.
   */
  readonly etag?: string | undefined;
  /** Milliseconds since the epoch, whole seconds; undefined if there is no date. */
  readonly lastModifiedMs?: number | undefined;
  /** Whether the date's second is not over: other bytes may still get the same date. */
  readonly isDateOpen?: boolean | undefined;
}

export type Verdict = 'proceed' | 'not_modified' | 'failed';

/** Section 8.8.2.2: a date names one version only once its second is over. */
const STRONG_DATE_AGE_MS = 1000;

/** @param current undefined if nothing has this name */
export function checkPreconditions(
  method: string,
  headers: IncomingHttpHeaders,
  current: Validators | undefined,
): Verdict {
  const safe = method === 'GET' || method === 'HEAD';
  if (!mayProceed(headers, current)) return 'failed';
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    if (safe)
      return current && listMatches(ifNoneMatch, current.etag, true) ? 'not_modified' : 'proceed';
    const free =
      parseTags(ifNoneMatch) && !(current && listMatches(ifNoneMatch, current.etag, true));
    return free ? 'proceed' : 'failed';
  }
  const since = parseHttpDate(headers['if-modified-since']);
  if (!safe || since === undefined || current?.lastModifiedMs === undefined) return 'proceed';
  if (current.isDateOpen) return 'proceed';
  return current.lastModifiedMs <= since ? 'not_modified' : 'proceed';
}

/** If-Match, and If-Unmodified-Since only without it. */
function mayProceed(headers: IncomingHttpHeaders, current: Validators | undefined): boolean {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    return current !== undefined && listMatches(ifMatch, current.etag, false);
  }
  const since = parseHttpDate(headers['if-unmodified-since']);
  if (since === undefined) return true;
  if (!current) return false;
  return current.lastModifiedMs === undefined || current.lastModifiedMs <= since;
}

/** Whether a Range header counts (section 13.1.5). */
export function ifRangeHolds(
  header: string | undefined,
  current: Validators,
  nowMs: number,
): boolean {
  if (header === undefined) return true;
  const { etag, lastModifiedMs } = current;
  if (header.endsWith('"')) return header === etag && !isWeak(header);
  // Without a strong tag, bytes may change and keep their date: it can be set, or moved here.
  if (etag === undefined || isWeak(etag)) return false;
  return (
    lastModifiedMs !== undefined &&
    parseHttpDate(header, nowMs) === lastModifiedMs &&
    nowMs - lastModifiedMs >= STRONG_DATE_AGE_MS
  );
}

type Tags = '*' | readonly string[];

/** One element with the comma behind it; empty elements are allowed (section 5.6.1.2). */
const ELEMENT = /[ \t,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)/y;

/** Parses a list of entity tags (section 8.8.3); undefined if it is none. */
function parseTags(header: string): Tags | undefined {
  if (header.trim() === '*') return '*';
  const tags: string[] = [];
  let end = 0;
  ELEMENT.lastIndex = 0;
  for (let found = ELEMENT.exec(header); found; found = ELEMENT.exec(header)) {
    tags.push(found[1]!);
    end = ELEMENT.lastIndex;
  }
  return tags.length > 0 && /^[ \t,]*$/.test(header.slice(end)) ? tags : undefined;
}

/** Whether a list of tags, or `*`, holds this one (section 8.8.3.2). */
export function listMatches(header: string, etag: string | undefined, weak: boolean): boolean {
  const tags = parseTags(header);
  if (tags === undefined || tags === '*') return tags === '*';
  if (etag === undefined) return false;
  if (weak) return tags.some((tag) => opaque(tag) === opaque(etag));
  return !isWeak(etag) && tags.includes(etag);
}

function isWeak(etag: string): boolean {
  return etag.startsWith('W/');
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
