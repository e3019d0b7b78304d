// URLs from users and from redirects: http and https only. Credentials in a URL become an
// Authorization header for that origin alone and are never shown.
import { HubswarmError } from '../../runtime/errors.ts';

function tryParseHttpUrl(text: string, base?: string): URL | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  url.hash = '';
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** A host, and a port or a path behind it: less may be the name of a file, or a scheme. */
const PLACE =
  /^(?:[^/?#@\s]*@)?(?:(?:localhost|\[[0-9a-f:.]+\]|[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+\.?)(?::\d|[/?])|[\p{L}\p{N}_-]+:\d+\/)/iu;

/** The URL that a person means: without a scheme, http. */
function parseMeant(text: string): URL | undefined {
  const isPlace = !SCHEME.test(text) && PLACE.test(text);
  return tryParseHttpUrl(isPlace ? `http://${text}` : text);
}

/** @param what the URL's name in the error. @throws HubswarmError ERR_USAGE */
export function parseHttpUrl(text: string, what = 'URL'): URL {
  const url = parseMeant(text);
  if (url) return url;
  const wrong = URL.canParse(text) ? `has the scheme '${new URL(text).protocol}'` : 'is not a URL';
  throw new HubswarmError(
    'ERR_USAGE',
    `${what}: '${text}' ${wrong}; give http:// or https:// (as in http://127.0.0.1:8080/files/name)`,
  );
}

/** The URL without credentials, for messages and events. */
export function showUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** The host to connect to: URL keeps the brackets of an IPv6 address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** Basic credentials (RFC 7617) of a URL that has some. */
export function authorizationOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return basic(tryDecode(url.username) ?? url.username, tryDecode(url.password) ?? url.password);
}

/** RFC 7617. */
export const basic = (login: string, password: string): string =>
  `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;

/** Decodes percent escapes; undefined if one is malformed. */
export function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Escapes the bytes of a header's value that are not ASCII: a server may send UTF-8 as it is. */
const escaped = (text: string): string =>
  text.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);

/** Longest host with user and port: parsing a host's name takes more than linear time. Chosen. */
const MAX_AUTHORITY_CHARACTERS = 16 * 1024;
/** As a URL is read: without tabs, with any slashes, in either direction. */
const AUTHORITY = /^(?:[a-z][a-z0-9+.-]*:[/\\]*|[/\\]{2,})([^/\\?#]*)/i;

const authorityOf = (location: string): string =>
  AUTHORITY.exec(location.replace(/^ +|\t/g, ''))?.[1] ?? '';

/** Where a redirect leads. Credentials are kept for the same origin only. */
export function redirectTarget(from: URL, location: string): URL | undefined {
  if (authorityOf(location).length > MAX_AUTHORITY_CHARACTERS) return undefined;
  const to = tryParseHttpUrl(escaped(location), from.href);
  if (!to) return undefined;
  to.username = to.origin === from.origin ? from.username : '';
  to.password = to.origin === from.origin ? from.password : '';
  return to;
}

/** Parses a URL that a server names. It may not leave https, and its credentials are dropped. */
export function parseLinkedUrl(text: string, base: URL): URL | undefined {
  const url = tryParseHttpUrl(escaped(text), base.href);
  if (!url || (base.protocol === 'https:' && url.protocol === 'http:')) return undefined;
  url.username = '';
  url.password = '';
  return url;
}
