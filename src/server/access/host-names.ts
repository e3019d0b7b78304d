// Decides which names a request may call the hub by. A browser reaches a hub that only its own
// machine reaches. If the owner of a page points the page's name at 127.0.0.1 (DNS rebinding), the
// browser takes the hub for the page's own server, and the page reads the answers. Such a request
// carries the page's name in Host, which a page cannot change. So a request with a name other than
// the hub's is refused (RFC 9110 section 15.5.20). An address cannot be pointed elsewhere.
//
// Unless names were given, only requests that a browser may have sent are checked. Other programs
// can send any Host and gain nothing by it; a script or a proxy before the hub may well use another
// name.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HubswarmError } from '../../runtime/errors.ts';
import { HttpFailure } from '../message/http-failure.ts';

const ANY = '*';

export class HostNames {
  readonly #names: ReadonlySet<string>;
  readonly #pagesOnly: boolean;
  /** The name that was admitted last: clients send the same name again. */
  #lastAdmitted = '';

  /** @param options.pagesOnly whether only requests that a page may have made are checked */
  constructor(names: readonly string[], options: { pagesOnly: boolean }) {
    this.#pagesOnly = options.pagesOnly;
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** @throws HttpFailure 421 */
  check({ headers }: IncomingMessage): void {
    // Only HTTP/1.0 has no Host, and no browser speaks it.
    const { host = '' } = headers;
    if (this.#pagesOnly && !mayBeOfPage(headers)) return;
    if (host === this.#lastAdmitted || this.#admits(host)) {
      this.#lastAdmitted = host;
      return;
    }
    throw new HttpFailure(421, 'this server is not called so; see --allow-host');
  }

  #admits(host: string): boolean {
    if (this.#names.has(ANY)) return true;
    const name = host
      .toLowerCase()
      .replace(/:\d*$/, '')
      .replace(/^\[(.*)\]$/, '$1');
    // RFC 6761 section 6.3: these names lead nowhere else.
    if (isIP(name) > 0 || name === 'localhost' || name.endsWith('.localhost')) return true;
    return this.#names.has(name);
  }
}

/**
 * Whether a page may have made the request. Every browser sends Accept-Language, and no page can
 * prevent that. Origin and Sec-Fetch-Site do not always come, and pages can change User-Agent in
 * some browsers.
 */
function mayBeOfPage(headers: IncomingMessage['headers']): boolean {
  return PAGE_HEADERS.some((name) => headers[name] !== undefined);
}

const PAGE_HEADERS = ['accept-language', 'origin', 'sec-fetch-site'];

/** A value of --allow-host. @throws HubswarmError ERR_USAGE */
export function checkHostName(option: string, text: string): string {
  if (text === ANY || /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(text)) return text;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' is not accepted; give a name without its port, as in files.example.org, or * for all`,
  );
}
