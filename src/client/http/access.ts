// How this client proves itself to a server (a bearer token, RFC 6750), and which server
// certificates it trusts over TLS. Token and pins are meant for the servers that the user named,
// and for no server that a redirect or a Link header leads to.
import { rootCertificates } from 'node:tls';
import { findLogin } from './netrc.ts';
import { type Environment, proxyFor, sayProxy } from './proxies.ts';
import { explainRefusal } from './token-claims.ts';
import { authorizationOf, basic, hostOf, tryDecode } from './url.ts';

export interface AccessOptions {
  /** The servers that get the token and may have a pinned certificate. */
  readonly urls: readonly URL[];
  readonly token?: string | undefined;
  /** The user's .netrc: a login for those of the servers that have neither token nor credentials. */
  readonly netrc?: string | undefined;
  /** SHA-256 of a server's certificate, as parseFingerprint gives it; any one may match. */
  readonly fingerprints?: readonly string[] | undefined;
  /** Issuers' certificates (PEM) to trust, beside `roots`. */
  readonly ca?: string | undefined;
  /** Where proxies are named (http_proxy, no_proxy ...); none is used if left out. */
  readonly environment?: Environment | undefined;
  /** Issuers' certificates (PEM) in place of those that Node.js knows. */
  readonly roots?: string | undefined;
  /**
   * Whether a redirect may lead from https to http; undefined if the user has no option to say so.
   */
  readonly insecureRedirect?: boolean | undefined;
  /** Whether servers are asked as nobody: neither token nor .netrc nor credentials of a URL are sent. */
  readonly isAnonymous?: boolean | undefined;
}

/** Why a server refuses who asks as nobody. */
const ANONYMOUS = 'it is asked without a token or password: a peer gives what it gets to anybody';

/** What proxies answer in their own name, where they ask for a URL of http. */
const BY_PROXIES = new Set([403, 407, 502, 503, 504]);

/** Which server certificates are accepted, and what leads to the server. */
export interface Trust {
  readonly proxy: URL | undefined;
  readonly fingerprints: readonly string[];
  /** Issuers' certificates (PEM); undefined for those that Node.js knows. */
  readonly ca: readonly string[] | undefined;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #token: string | undefined;
  readonly #fingerprints: readonly string[];
  readonly #ca: readonly string[] | undefined;
  readonly #netrc: string | undefined;
  readonly #environment: Environment;
  readonly insecureRedirect: boolean | undefined;
  /** Origins that answered: those of the user, and where their redirects led. */
  readonly #heard = new Set<string>();

  /** @throws HubswarmError ERR_USAGE for a proxy of these servers that is not spoken to */
  constructor(options: AccessOptions) {
    const { urls, token, netrc, fingerprints = [], ca, roots, environment = {} } = options;
    this.#options = options;
    this.#environment = environment;
    this.insecureRedirect = options.insecureRedirect;
    for (const url of urls) proxyFor(url, environment);
    this.#origins = new Set(urls.map(({ origin }) => origin));
    this.#token = token;
    this.#netrc = netrc;
    this.#fingerprints = fingerprints;
    const given = [roots, ca].filter((each) => each !== undefined);
    if (given.length > 0) this.#ca = roots === undefined ? [...rootCertificates, ...given] : given;
  }

  /** An answer in HTTP came from there. */
  hear({ origin }: URL): void {
    this.#heard.add(origin);
  }

  /** Whether it is known to speak HTTP: what it cuts later is no sign of TLS. */
  hasHeard({ origin }: URL): boolean {
    return this.#heard.has(origin);
  }

  /** The same trust and proxies, for what anybody may read. */
  anonymous(): Access {
    return new Access({ ...this.#options, isAnonymous: true });
  }

  /**
   * The Authorization header for this URL; credentials in the URL come first. A user without a
   * password has that of .netrc.
   */
  authorization(url: URL): string | undefined {
    if (this.#options.isAnonymous) return undefined;
    const own = authorizationOf(url);
    if (!this.#origins.has(url.origin)) return own;
    if (own !== undefined && url.password !== '') return own;
    if (own === undefined && this.#token !== undefined) return `Bearer ${this.#token}`;
    const user = own === undefined ? undefined : (tryDecode(url.username) ?? url.username);
    const found = this.#netrc && findLogin(this.#netrc, hostOf(url), user);
    return found ? basic(user ?? found.login, found.password) : own;
  }

  /** Why a server refused this token, or the lack of one; undefined if that explains nothing. */
  explain(
    url: URL,
    { status, headers }: { status: number; headers: ReadonlyMap<string, string> },
  ): string | undefined {
    if (this.#options.isAnonymous) return status === 401 || status === 403 ? ANONYMOUS : undefined;
    const [scheme, sent = ''] = this.authorization(url)?.split(' ') ?? [];
    if (scheme !== 'Bearer') return undefined;
    return explainRefusal(sent, status, headers.get('www-authenticate'), Date.now());
  }

  /**
   * By which proxy a request failed; undefined without one.
   *
   * @param status of the answer, if there was one: what a proxy says in its own name
   */
  detour(url: URL, status?: number): string | undefined {
    const isItsOwn = status === undefined || (url.protocol === 'http:' && BY_PROXIES.has(status));
    return isItsOwn ? sayProxy(url, this.#environment) : undefined;
  }

  trust(url: URL): Trust {
    const pins = this.#origins.has(url.origin) ? this.#fingerprints : [];
    return { fingerprints: pins, ca: this.#ca, proxy: proxyFor(url, this.#environment) };
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
