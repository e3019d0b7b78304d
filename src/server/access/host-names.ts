// By which names a hub may be called. A hub that only its own machine reaches is still
// reached by the browser there: a page whose owner points his name at 127.0.0.1 (DNS
// rebinding) has the browser ask the hub as the page's own server, and reads what comes.
// The request then carries his name in Host, which a page cannot change. So what is
// called by another name than its own is refused (RFC 9110 section 15.5.20). An address
// is nobody's to point elsewhere. Unless names were given, only what a browser may have
// sent is looked at: others can send any Host and gain nothing by it, and a script or a
// proxy before the hub may well call it by some other name.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HubswarmError } from '../../runtime/errors.ts';
import { HttpFailure } from '../message/http-failure.ts';

const ANY = '*';

export class HostNames {
  readonly #names: ReadonlySet<string>;
  readonly #pagesOnly: boolean;
  /** Clients come again with the same. */
  #lastAdmitted = '';

  /** @param options.pagesOnly whether only requests that a page may have made are looked at */
  constructor(names: readonly string[], options: { pagesOnly: boolean }) {
    this.#pagesOnly = options.pagesOnly;
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** @throws HttpFailure 421 */
  check({ headers }: IncomingMessage): void {
    // Only HTTP/1.0 goes without, and so no browser.
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
 * Every browser sends Accept-Language, and no page can keep it from doing so; Origin and
 * Sec-Fetch-Site do not always come, and User-Agent can be changed in some.
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
