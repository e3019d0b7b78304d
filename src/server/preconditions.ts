// Conditional requests (RFC 9110 section 13), in the order of section 13.2.2.
// Pure. Stricter than it must be in one place: a date in If-Range counts only
// when the file has not changed for a minute, since a younger date may stand for
// two versions, and a wrong yes would splice them.
import type { IncomingHttpHeaders } from 'node:http';

export interface Validators {
  /** Strong, quotes included. */
  readonly etag: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly lastModifiedMs: number;
}

export type Verdict = 'proceed' | 'not_modified' | 'failed';

/** RFC 7232 section 2.2.2; RFC 9110 asks for a second, coarse file times for more. */
const STRONG_DATE_AGE_MS = 60_000;

/** @param current undefined when nothing has this name. */
export function checkPreconditions(
  method: string,
  headers: IncomingHttpHeaders,
  current: Validators | undefined,
): Verdict {
  const safe = method === 'GET' || method === 'HEAD';
  const ifMatch = headers['if-match'];
  const unmodifiedSince = parseHttpDate(headers['if-unmodified-since']);
  if (ifMatch !== undefined) {
    if (!current || !listMatches(ifMatch, current.etag, false)) return 'failed';
  } else if (unmodifiedSince !== undefined) {
    if (!current || current.lastModifiedMs > unmodifiedSince) return 'failed';
  }
  const ifNoneMatch = headers['if-none-match'];
  const modifiedSince = parseHttpDate(headers['if-modified-since']);
  if (ifNoneMatch !== undefined) {
    if (current && listMatches(ifNoneMatch, current.etag, true)) {
      return safe ? 'not_modified' : 'failed';
    }
  } else if (safe && current && modifiedSince !== undefined) {
    if (current.lastModifiedMs <= modifiedSince) return 'not_modified';
  }
  return 'proceed';
}

/** Whether a Range header is to be looked at (section 13.1.5). */
export function ifRangeHolds(
  header: string | undefined,
  current: Validators,
  nowMs: number,
): boolean {
  if (header === undefined) return true;
  if (header.trim().endsWith('"')) return header.trim() === current.etag;
  return (
    parseHttpDate(header) === current.lastModifiedMs &&
    nowMs - current.lastModifiedMs >= STRONG_DATE_AGE_MS
  );
}

/** Whether a list of tags, or `*`, holds this one. */
export function listMatches(header: string, etag: string, weak: boolean): boolean {
  if (header.trim() === '*') return true;
  const tags = header.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g);
  return [...tags].some(([, isWeak, tag]) => tag === etag && (weak || isWeak === undefined));
}

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = '\\d\\d:\\d\\d:\\d\\d';
const IMF_FIXDATE = new RegExp(`^${DAY}, \\d\\d ${MONTH} \\d{4} ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${DAY}[a-z]*, \\d\\d-${MONTH}-\\d\\d ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4}$`);

/** Milliseconds; undefined for what is no HTTP date (section 5.6.7), which is ignored. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // Without a zone Date.parse would take it for local time.
  const zoned = ASCTIME.test(text) ? `${text} GMT` : text;
  if (zoned === text && !IMF_FIXDATE.test(text) && !RFC_850.test(text)) return undefined;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? undefined : ms;
}
