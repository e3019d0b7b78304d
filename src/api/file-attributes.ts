// How requests and answers say what a file is beside its bytes. An answer gives the time as
// Last-Modified (RFC 9110 section 8.8.2). A request gives it as X-OC-Mtime, in seconds since the
// epoch with or without a fraction, as clients of ownCloud and Nextcloud do, or as Last-Modified.
// That a file can be run is a boolean of structured fields (RFC 9651) in both. What is malformed or
// out of range counts as not said: the bytes matter more. Pure.
import { type FileAttributes, isDatable } from '../content/attributes.ts';
import { parseHttpDate } from './http-date.ts';

export const MTIME_FIELD = 'X-OC-Mtime';
export const EXECUTABLE_FIELD = 'X-Hubswarm-Executable';

/** @param field gives the value of a header field, by its name in lower case */
export function parseAttributes(field: (name: string) => string | undefined): FileAttributes {
  const seconds = field(MTIME_FIELD.toLowerCase());
  return {
    modifiedMs: parseSeconds(seconds) ?? datable(parseHttpDate(field('last-modified'))),
    executable: parseBoolean(field(EXECUTABLE_FIELD.toLowerCase())),
  };
}

/** The fields of a request that stores a file with these attributes. */
export function formatAttributes({
  modifiedMs,
  executable,
}: FileAttributes): Record<string, string> {
  return {
    ...(modifiedMs === undefined ? {} : { [MTIME_FIELD]: formatSeconds(modifiedMs) }),
    ...(executable === undefined ? {} : { [EXECUTABLE_FIELD]: formatBoolean(executable) }),
  };
}

/** Parses seconds since the epoch to milliseconds. */
export function parseSeconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,12}(?:\.\d{1,12})?$/.test(text)) return undefined;
  return datable(Math.round(Number(text) * 1000));
}

/** Formats a time that isDatable(). */
export const formatSeconds = (ms: number): string => String(Math.round(ms) / 1000);

/** Parses a date of ISO 8601, as listings have it. */
export function parseIsoDate(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{4}-\d\d-\d\dT/.test(text)
    ? datable(Date.parse(text))
    : undefined;
}

export function parseBoolean(text: string | undefined): boolean | undefined {
  return text === '?1' ? true : text === '?0' ? false : undefined;
}

export const formatBoolean = (value: boolean): string => (value ? '?1' : '?0');

const datable = (ms: number | undefined): number | undefined =>
  ms !== undefined && isDatable(ms) ? ms : undefined;
