// How far a redirect may lead: from https to http only if the user says so, and not for ever.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Access } from '../../../src/client/http/access.ts';
import { startServer } from '../hub.ts';
import { runGet } from '../run-get.ts';

describe('a redirect from https to http', () => {
  /** An https server that leads to a plain one, where `shown` are the logins that came. */
  async function startLeading() {
    const shown: (string | undefined)[] = [];
    const plain = await startServer((request, response) => {
      shown.push(request.headers.authorization, request.headers.cookie);
      response.end('hello');
    });
    const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const server = createServer({ cert, key }, (_, response) => {
      const cookie = 'secret=1; Secure; Path=/';
      response.writeHead(302, { location: plain.origin, 'set-cookie': cookie }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      return plain.close();
    });
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
    return { url, shown, ca: cert };
  }

  it.each([
    [false, /redirected from https to http; --insecure-redirect follows it unprotected$/],
    [undefined, /redirected from https to http$/],
  ])(
    'is refused, and the option is named where there is one (%s)',
    async (insecureRedirect, said) => {
      const { url, shown, ca } = await startLeading();
      const access = new Access({ urls: [url], ca, token: 'secret', insecureRedirect });
      const got = await runGet([url], { output: '-', access });
      expect(got.error?.message).toMatch(said);
      expect(shown).toEqual([]);
    },
  );

  it('is followed by option, without what proves the user', async () => {
    const { url, shown, ca } = await startLeading();
    const access = new Access({ urls: [url], ca, token: 'secret', insecureRedirect: true });
    const got = await runGet([url], { output: '-', access });
    expect(got.stdout.toString()).toBe('hello');
    expect(new Set(shown)).toEqual(new Set([undefined]));
  });
});

it('slow redirects together have the time of one silence', async () => {
  const asked: string[] = [];
  const server = await startServer(async ({ method, url = '' }, response) => {
    if (method === 'GET') asked.push(url);
    await delay(100);
    response.writeHead(302, { location: `/${Number(url.slice(1)) + 1}` }).end();
  });
  onTestFinished(() => server.close());
  const got = await runGet([new URL('/1', server.origin)], { output: '-', timeoutMs: 400 });
  expect(got.error?.message).toMatch(/sent nothing but redirects for 0.4 s/);
  expect(asked.length).toBeLessThan(20);
});
