// URLs as people give them and as redirects name them: http and https only.
// Credentials in a URL become an Authorization header for that origin alone and
// are never shown.
import { HubswarmError } from '../../runtime/errors.ts';

function tryParseHttpUrl(text: string, base?: string): URL | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  url.hash = '';
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

/** @param what as the error calls it. @throws HubswarmError ERR_USAGE */
export function parseHttpUrl(text: string, what = 'URL'): URL {
  const url = tryParseHttpUrl(text);
  if (url) return url;
  const wrong = URL.canParse(text) ? `has the scheme '${new URL(text).protocol}'` : 'is not a URL';
  throw new HubswarmError(
    'ERR_USAGE',
    `${what}: '${text}' ${wrong}; give http:// or https:// (as in http://127.0.0.1:8080/files/name)`,
  );
}

/** As shown to people and in events: without credentials. */
export function showUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** Basic credentials (RFC 7617) of a URL that has some. */
export function authorizationOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${tryDecode(url.username) ?? url.username}:${tryDecode(url.password) ?? url.password}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Undefined when an escape is malformed. */
export function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Of a redirect to the same origin the credentials are kept, of others not. */
export function redirectTarget(from: URL, location: string): URL | undefined {
  const to = tryParseHttpUrl(location, from.href);
  if (!to) return undefined;
  to.username = to.origin === from.origin ? from.username : '';
  to.password = to.origin === from.origin ? from.password : '';
  return to;
}

/** What a server names beside its own URL; https is not left, and no credentials come along. */
export function parseLinkedUrl(text: string, base: URL): URL | undefined {
  const url = tryParseHttpUrl(text, base.href);
  if (!url || (base.protocol === 'https:' && url.protocol === 'http:')) return undefined;
  url.username = '';
  url.password = '';
  return url;
}
