// Where a hub has a file: the path of its URL. Pure.

const BELOW = '/files/';

/** The path of these names, escaped so that the hub reads them back. */
export function filesUrl(segments: readonly string[]): string {
  return BELOW + segments.map(encodeURIComponent).join('/');
}

/** The same as a reference from /events, which stands beside /files/ (RFC 3986 section 4.2). */
export const filesReference = (segments: readonly string[]): string => filesUrl(segments).slice(1);

/** The names behind such a path. @throws URIError for another escape */
export function namesOf(url: string): string[] {
  const rest = url.slice(BELOW.length);
  return rest === '' ? [] : rest.split('/').map(decodeURIComponent);
}
