// The cookies of one chain of redirects (RFC 6265): what a server sets with a redirect, it wants to
// see at the place that the redirect names. They are forgotten with the request: no other one is
// told apart by them.
import type { CookieJar } from 'tough-cookie';

export class ChainCookies {
  /** The package is loaded by the few servers that set any. */
  #jar: CookieJar | undefined;

  /** @param fields the values of Set-Cookie; a malformed one is dropped */
  async take(url: URL, fields: readonly string[]): Promise<void> {
    if (fields.length === 0) return;
    if (!this.#jar) {
      const { CookieJar } = await import('tough-cookie');
      this.#jar = new CookieJar(undefined, { looseMode: true, allowSecureOnLocal: false });
    }
    for (const field of fields) {
      await this.#jar.setCookie(field, url.href, { ignoreError: true });
    }
  }

  /** The header field for a request; empty if there is no cookie for it. */
  async of(url: URL): Promise<{ readonly cookie?: string }> {
    const cookie = (await this.#jar?.getCookieString(url.href)) ?? '';
    return cookie === '' ? {} : { cookie };
  }
}
