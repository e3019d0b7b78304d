// How this client proves itself to a server (a bearer token, RFC 6750), and which server
// certificates it trusts over TLS. Token and pins are meant for the servers that the user named,
// and for no server that a redirect or a Link header leads to.
import { explainRefusal } from './token-claims.ts';
import { authorizationOf } from './url.ts';

export interface AccessOptions {
  /** The servers that get the token and may have a pinned certificate. */
  readonly urls: readonly URL[];
  readonly token?: string | undefined;
  /** SHA-256 of a server's certificate, as parseFingerprint gives it; any one may match. */
  readonly fingerprints?: readonly string[] | undefined;
  /** Issuers' certificates (PEM) to trust, beside those that Node.js knows. */
  readonly ca?: string | undefined;
}

/** Which server certificates are accepted. */
export interface Trust {
  readonly fingerprints: readonly string[];
  readonly ca: string | undefined;
}

export class Access {
  readonly #origins: ReadonlySet<string>;
  readonly #token: string | undefined;
  readonly #fingerprints: readonly string[];
  readonly #ca: string | undefined;

  constructor({ urls, token, fingerprints = [], ca }: AccessOptions) {
    this.#origins = new Set(urls.map(({ origin }) => origin));
    this.#token = token;
    this.#fingerprints = fingerprints;
    this.#ca = ca;
  }

  /** The Authorization header for this URL; credentials in the URL come first. */
  authorization(url: URL): string | undefined {
    const own = authorizationOf(url);
    if (own !== undefined || this.#token === undefined) return own;
    return this.#origins.has(url.origin) ? `Bearer ${this.#token}` : undefined;
  }

  /** Why a server refused this token; undefined if none was sent. */
  explain(
    url: URL,
    { status, headers }: { status: number; headers: ReadonlyMap<string, string> },
  ): string | undefined {
    const [scheme, sent = ''] = this.authorization(url)?.split(' ') ?? [];
    if (scheme !== 'Bearer') return undefined;
    return explainRefusal(sent, status, headers.get('www-authenticate'), Date.now());
  }

  trust(url: URL): Trust {
    const pins = this.#origins.has(url.origin) ? this.#fingerprints : [];
    return { fingerprints: pins, ca: this.#ca };
  }
}

/** 64 hex digits, upper case, without colons; undefined when it is no SHA-256. */
export function parseFingerprint(text: string): string | undefined {
  const hex = text
    .replace(/^sha-?256[:=]/i, '')
    .replaceAll(':', '')
    .toUpperCase();
  return /^[0-9A-F]{64}$/.test(hex) ? hex : undefined;
}

/** RFC 6750 section 2.1: what may follow 'Bearer '. */
export const isToken = (text: string): boolean => /^[A-Za-z0-9\-._~+/]+=*$/.test(text);
