// Parses a request target to names below the root. It refuses what can never be a name, before the
// file system is asked: each segment is decoded once, and a segment that then has another meaning
// (a separator, a parent, NUL) is refused, not repaired. The root deals with symbolic links. Pure.
// RFC 9112 section 3.2 (forms of the target), RFC 3986 section 2 (escapes).
import { isHidden } from '../../root/names.ts';
import { Refusal } from '../../runtime/refusal.ts';

/** NAME_MAX and PATH_MAX of Linux, in bytes. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4096;

export interface RequestPath {
  /** Decoded names, none of them empty; no names for the root itself. */
  readonly segments: readonly string[];
  /** Whether the path ends in a slash: a directory was requested. */
  readonly trailingSlash: boolean;
}

/** The path of an origin-form or absolute-form target, still escaped, without its query. */
export function targetPath(target: string): string {
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? '';
  const path = target.slice(origin.length).replace(/[?#].*$/s, '');
  return path === '' ? '/' : path;
}

/** The question mark and the query after it, as they came; '' for none. */
export function targetSearch(target: string): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at);
}

/** The query after the question mark. */
export const targetQuery = (target: string): URLSearchParams =>
  new URLSearchParams(targetSearch(target));

/**
 * @param rest the path after the route's prefix and its slash, still escaped
 * @param hiddenStatus the status for a name that begins with a dot
 * @throws HttpFailure 400, 414, hiddenStatus
 */
export function parseRequestPath(
  rest: string,
  hidden: 'ERR_NOT_FOUND' | 'ERR_NOT_PERMITTED' = 'ERR_NOT_FOUND',
): RequestPath {
  // Up to three characters stand for one byte. This check bounds the work.
  if (rest.length > 3 * MAX_PATH_BYTES) throw tooLong();
  const trailingSlash = rest === '' || rest.endsWith('/');
  const escaped = rest === '' ? [] : (trailingSlash ? rest.slice(0, -1) : rest).split('/');
  const segments = escaped.map(decodeSegment);
  if (segments.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) throw tooLong();
  if (Buffer.byteLength(segments.join('/')) > MAX_PATH_BYTES) throw tooLong();
  if (segments.some(isHidden)) {
    throw new Refusal(hidden, 'names that begin with a dot are not served');
  }
  return { segments, trailingSlash };
}

function decodeSegment(escaped: string): string {
  let name: string;
  try {
    name = decodeURIComponent(escaped);
  } catch {
    throw new Refusal('ERR_MALFORMED', 'the path has a malformed escape or is not UTF-8');
  }
  if (name === '')
    throw new Refusal('ERR_MALFORMED', 'the path has an empty name between two slashes');
  if (name === '.' || name === '..') {
    throw new Refusal('ERR_MALFORMED', "the path has a name that is '.' or '..'");
  }
  if (/[/\\\0]/.test(name)) {
    throw new Refusal('ERR_MALFORMED', 'a name in the path holds a slash, a backslash or NUL');
  }
  return name;
}

function tooLong(): Refusal {
  return new Refusal(
    'ERR_NAME_TOO_LONG',
    `the path is too long: a name has at most ${MAX_NAME_BYTES} bytes`,
  );
}
