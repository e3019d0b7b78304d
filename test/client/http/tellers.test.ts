// Where a server may send a client: a port that nobody may name is not even connected to.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import { checkScope, lookupFrom, Tellers } from '../../../src/client/http/tellers.ts';
import { SCOPE } from '../../../src/runtime/node/scope.ts';

const FAR = new URL('http://far.example/x');
const ELSEWHERE = new URL('http://elsewhere.example/x');
const TOO_NEAR = 'leads to this host or a private network, from a server beyond it';

describe('a server that is met', () => {
  it.each([
    ['198.51.100.7', SCOPE.everywhere],
    ['10.1.2.3', SCOPE.network],
    ['127.0.0.1', SCOPE.host],
    [undefined, SCOPE.everywhere],
  ])('at %s redirects to scope %s and wider ones', (address, least) => {
    const tellers = new Tellers();
    const begun = tellers.leastOf(FAR);
    tellers.meet(FAR.origin, address);
    expect(begun).toBe(SCOPE.host);
    expect(tellers.redirect(FAR, begun, ELSEWHERE)).toBe(least);
    // Also when it is called later on its own, as for a manifest.
    expect(tellers.leastOf(ELSEWHERE)).toBe(least);
  });

  it('far away stays far behind a nearer one', () => {
    const tellers = new Tellers();
    tellers.meet(FAR.origin, '198.51.100.7');
    const least = tellers.redirect(FAR, tellers.leastOf(FAR), ELSEWHERE);
    tellers.meet(ELSEWHERE.origin, '10.0.0.1');
    const third = new URL('http://third.example/');
    expect(tellers.redirect(ELSEWHERE, least, third)).toBe(SCOPE.everywhere);
  });

  it('confines what it links, but not what the user named', () => {
    const tellers = new Tellers();
    const users = new URL('http://127.0.0.1:8080/f');
    expect([tellers.leastOf(FAR), tellers.leastOf(users)]).toEqual([SCOPE.host, SCOPE.host]);
    tellers.meet(FAR.origin, '198.51.100.7');
    for (const url of [ELSEWHERE, users]) tellers.handleNamed(url, FAR);
    expect(tellers.leastOf(ELSEWHERE)).toBe(SCOPE.everywhere);
    expect(tellers.leastOf(users)).toBe(SCOPE.host);
  });
});

describe('an address', () => {
  it.each([
    ...['http://127.0.0.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/'],
    ...['http://0/', 'http://0.0.0.0/', 'http://[::]/', 'http://[::1]/', 'http://127.1/'],
    ...['http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/', 'http://[64:ff9b::7f00:1]/'],
    ...['http://10.1.2.3/', 'http://169.254.169.254/', 'http://[fe80::1]/', 'http://[fd00::1]/'],
  ])('%s is too near for who is far away', (text) => {
    expect(() => checkScope(new URL(text), SCOPE.everywhere)).toThrow(TOO_NEAR);
    expect(() => checkScope(new URL(text), SCOPE.host)).not.toThrow();
  });

  it.each(['http://198.51.100.7/', 'http://[2001:db8::1]/', 'http://example.org/'])(
    '%s is not',
    (text) => expect(() => checkScope(new URL(text), SCOPE.everywhere)).not.toThrow(),
  );
});

describe('a name', () => {
  it.each([
    [SCOPE.network, true],
    [SCOPE.everywhere, true],
    [SCOPE.everywhere, false],
  ])('that has near addresses only is not found from scope %s (all: %s)', async (least, all) => {
    const lookup = lookupFrom(least)!;
    const error = await new Promise((done) => lookup('localhost', { all }, done));
    expect(error).toMatchObject({ message: TOO_NEAR, final: true });
  });

  it('is looked up as ever from this host', () => {
    expect(lookupFrom(SCOPE.host)).toBeUndefined();
  });
});

describe('a redirect from afar', () => {
  it.each(['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'to %s connects to nothing',
    async (host) => {
      let calls = 0;
      const target = createTcp((socket) => {
        calls++;
        socket.destroy();
      });
      target.listen(0);
      await once(target, 'listening');
      const { port } = target.address() as AddressInfo;
      const server = createServer((_, response) => {
        response.writeHead(302, { location: `http://${host}:${port}/` }).end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => {
        target.close();
        server.close();
      });
      const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
      const { signal } = new AbortController();
      const http = new HttpClient({ stallMs: 500 });
      onTestFinished(() => http.close());
      // From near by it may: the port hangs up.
      await expect(http.request({ method: 'GET', url, signal })).rejects.toThrow(/clos|reset/);
      const before = calls;
      expect(before).toBeGreaterThan(0);
      const stranger = new HttpClient({ stallMs: 500 });
      onTestFinished(() => stranger.close());
      stranger.tellers.meet(url.origin, '198.51.100.7');
      await expect(stranger.request({ method: 'GET', url, signal })).rejects.toThrow(TOO_NEAR);
      expect(calls).toBe(before);
    },
  );
});
