import { describe, expect, it } from 'vitest';
import { checkBasePath } from '../../../src/server/access/own-address.ts';
import { type HubOptions, startHub } from '../hub.ts';

/** What a hub says of where an upload lies, to a request with these header fields. */
async function locationOf(
  access: HubOptions['access'],
  headers: Record<string, string>,
  target = '/uploads/',
): Promise<string> {
  const options = { writable: true, access: { anonymousWrites: true, ...access } };
  const hub = await startHub(options);
  const created = await hub.ask(target, {
    method: 'POST',
    headers: { 'tus-resumable': '1.0.0', 'upload-length': '1', ...headers },
  });
  expect(created.status).toBe(201);
  const { location = '' } = created.headers;
  return location.replace(/[0-9a-f]{32}$/, 'ID').replace(`:${hub.port}/`, ':PORT/');
}

const TRUSTING = { trustedProxies: ['127.0.0.1/32'] };
const PROXIED = {
  'x-forwarded-for': '192.0.2.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'example.org:8443',
  'x-forwarded-prefix': '/hub',
};

describe('Location', () => {
  it.each([
    ['is absolute, by Host', {}, { host: 'hub.example' }, 'http://hub.example/uploads/ID'],
    ['with an address', {}, { host: '[::1]:80' }, 'http://[::1]:80/uploads/ID'],
    ['is what a trusted proxy says', TRUSTING, PROXIED, 'https://example.org:8443/hub/uploads/ID'],
    [
      'is by Host where the proxy says nothing else',
      TRUSTING,
      { host: 'a.example', 'x-forwarded-for': '192.0.2.7' },
      'http://a.example/uploads/ID',
    ],
    [
      'is below the base path that was given, whatever a proxy says',
      { ...TRUSTING, basePath: '/own' },
      PROXIED,
      'https://example.org:8443/own/uploads/ID',
    ],
    [
      'is below the base path behind a proxy that is not trusted',
      { basePath: '/own' },
      { ...PROXIED, host: 'b.example' },
      'http://b.example/own/uploads/ID',
    ],
    // What scheme, host and path the client used, nobody trusted says.
    ['is relative behind a proxy that is not trusted', {}, PROXIED, '../uploads/ID'],
    [
      'believes no header of a client',
      {},
      { host: 'c.example', 'x-forwarded-host': 'evil', 'x-forwarded-prefix': '/evil' },
      '../uploads/ID',
    ],
    [
      'is by the nearest value of each list',
      TRUSTING,
      {
        'x-forwarded-proto': 'gopher, https',
        'x-forwarded-host': 'evil.example, example.org',
        'x-forwarded-prefix': '/evil, /hub/',
      },
      'https://example.org/hub/uploads/ID',
    ],
    [
      'is by Forwarded where the proxy writes that',
      { ...TRUSTING, proxyHeader: 'forwarded' as const },
      { ...PROXIED, forwarded: 'for=1.2.3.4;host=evil, for=_x;proto=https;host="f.example:1"' },
      'https://f.example:1/uploads/ID',
    ],
  ])('%s', async (_, access, headers, location) => {
    expect(await locationOf(access, headers)).toBe(location);
  });

  it.each(['x-forwarded-proto', 'cf-connecting-ip', 'x-original-uri', 'x-real-ip', 'via'])(
    'is relative behind a proxy that tells %s',
    async (name) => {
      expect(await locationOf({}, { [name]: '1' })).toBe('../uploads/ID');
    },
  );

  it.each([
    [
      'x-forwarded-host',
      ['evil.example/x', 'a@b', 'a b', '"', 'a:b:c', 'a:99999', '<x>', '\u00ff'],
    ],
    ['x-forwarded-proto', ['javascript', 'http:', 'https://x', '']],
    [
      'x-forwarded-prefix',
      ['//evil', 'hub', '/a/../b', '/a?x', '/a#', '/%2e', '/"<', '/a//b', '/.'],
    ],
  ])('believes no %s that is none', async (field, values) => {
    for (const value of values) {
      const location = await locationOf(TRUSTING, { host: 'd.example', [field]: value });
      expect([value, location]).toEqual([value, 'http://d.example/uploads/ID']);
    }
  });

  it('names no host where Host is no plain one', async () => {
    for (const host of ["a'b", 'a,b', 'a;b', 'a:99999', `${'a'.repeat(300)}`]) {
      expect([host, await locationOf({}, { host })]).toEqual([host, '/uploads/ID']);
    }
  });

  it('is by the host of a target in absolute form', async () => {
    const location = await locationOf({}, { host: 'h' }, 'http://e.example/uploads/');
    expect(location).toBe('http://e.example/uploads/ID');
  });
});

/** A client at 192.0.2.7, an outer proxy at 10.0.0.1, an inner one at 10.0.0.2, and this machine. */
const CHAIN = { trustedProxies: ['127.0.0.1/32', '10.0.0.0/8'] };
const PASSED = { host: 'inner', 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.0.0.1, 10.0.0.2' };
const FORWARDED = { ...CHAIN, proxyHeader: 'forwarded' as const };

describe('Location behind several proxies', () => {
  it.each([
    [
      'is what the outermost trusted one appended',
      CHAIN,
      {
        ...PASSED,
        'x-forwarded-proto': 'gopher, https, http, http',
        'x-forwarded-host': 'evil, example.org, outer:81, inner:82',
      },
      'https://example.org/uploads/ID',
    ],
    [
      'is the only value where each passes it on or replaces it',
      CHAIN,
      { ...PASSED, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'example.org' },
      'https://example.org/uploads/ID',
    ],
    [
      'is below the prefixes of all that are trusted',
      CHAIN,
      { ...PASSED, 'x-forwarded-host': 'h.example', 'x-forwarded-prefix': '/evil, /a/, /b, /c' },
      'http://h.example/a/b/c/uploads/ID',
    ],
    [
      'believes no prefix where one of them is none',
      CHAIN,
      { ...PASSED, 'x-forwarded-host': 'h.example', 'x-forwarded-prefix': '/a, b, /c' },
      'http://h.example/uploads/ID',
    ],
    [
      'counts the hops that are trusted, not those that are named',
      { trustedProxies: ['127.0.0.1/32', '10.0.0.2/32'] },
      { ...PASSED, 'x-forwarded-host': 'evil, example.org, outer:81, inner:82' },
      'http://outer:81/uploads/ID',
    ],
    [
      'passes empty elements over',
      CHAIN,
      { host: 'i', 'x-forwarded-for': '192.0.2.7', 'x-forwarded-host': 'evil, e.example, ,' },
      'http://e.example/uploads/ID',
    ],
    [
      'is what the outermost trusted element of Forwarded says, and others where it is silent',
      FORWARDED,
      {
        host: 'i',
        forwarded:
          'for=6.6.6.6;host=evil, for=192.0.2.7;proto=https, for=10.0.0.1;host=o.example;proto=http, for="10.0.0.2:4711"',
      },
      'https://o.example/uploads/ID',
    ],
    [
      'ends at a hop that hides who called it',
      FORWARDED,
      { host: 'i', forwarded: 'for=10.0.0.1;host=evil, for=_hidden;host=h.example;proto=https' },
      'https://h.example/uploads/ID',
    ],
  ])('%s', async (_, access, headers, location) => {
    expect(await locationOf(access, headers)).toBe(location);
  });
});

describe('a hub below a base path', () => {
  it('answers below it and without it, for proxies that keep it and those that do not', async () => {
    const hub = await startHub({ writable: true, access: { basePath: '/a/hub' } });
    const base = `http://127.0.0.1:${hub.port}/a/hub`;
    const put = await hub.ask('/a/hub/files/x', { method: 'PUT', body: Buffer.from('x') });
    expect(put).toMatchObject({ status: 201, headers: { location: `${base}/files/x` } });
    for (const target of ['/a/hub/files/x', '/files/x', `${base}/files/x`]) {
      expect((await hub.ask(target)).text).toBe('x');
    }
    for (const target of ['/a/hub', '/a/hub/', '/a/hub?x', '/'])
      expect(await hub.ask(target)).toMatchObject({
        status: 302,
        headers: { location: `${base}/files/` },
      });
    for (const target of ['/a/hubs/files/x', '/a/hub/a/hub/files/x', '/a/hubfiles/x', '/A/hub/'])
      expect((await hub.ask(target)).status).toBe(404);
    expect((await hub.ask('/a/hub/readyz')).status).toBe(200);
  });

  it.each([
    ['/hub', '/hub'],
    ['hub/', '/hub'],
    ['/', ''],
    ['', ''],
    ['//a/b.c//', '/a/b.c'],
  ])('takes %s', (text, path) => {
    expect(checkBasePath('--base-path', text)).toBe(path);
  });

  it.each(['/files', '/ipfs/x', '/a b', '/a?b', '/..', '/a/../b', '/a//b', '/%41', 'http://x/'])(
    'does not take %s',
    (text) => {
      expect(() => checkBasePath('--base-path', text)).toThrow(/^--base-path: /);
    },
  );
});
