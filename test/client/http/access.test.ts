// Tokens and TLS: real servers, certificates made for the test.
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Access, isToken, parseFingerprint } from '../../../src/client/http/access.ts';
import { putFile } from '../../../src/client/upload/put.ts';
import { removeFile } from '../../../src/client/upload/remove.ts';
import {
  type Content,
  makeContent,
  removeTempDirs,
  sendBytes,
  startHub,
  startServer,
  type TestServer,
  tempDir,
} from '../hub.ts';
import { runGet } from '../run-get.ts';

interface Identity {
  readonly cert: string;
  readonly key: string;
  /** With colons. */
  readonly fingerprint: string;
}

let content: Content;
let own: Identity;
let other: Identity;
let target: string;
const closing: (() => Promise<unknown> | unknown)[] = [];

async function makeIdentity(days: number): Promise<Identity> {
  const made = await generate([{ name: 'commonName', value: 'hub.example' }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + days * 86_400_000),
    notBeforeDate: new Date(Date.now() - 10 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const { fingerprint256 } = new X509Certificate(made.cert);
  return { cert: made.cert, key: made.private, fingerprint: fingerprint256 };
}

/** An https server of the content; `requests` counts what came through. */
async function startTls({ cert, key }: Identity): Promise<{ url: URL; requests: () => number }> {
  let requests = 0;
  const server: Server = createServer({ cert, key }, (request, response) => {
    requests++;
    response.setHeader('accept-ranges', 'bytes');
    sendBytes(content.bytes, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`https://127.0.0.1:${port}/x.bin`), requests: () => requests };
}

const keep = (server: TestServer): TestServer => {
  closing.push(() => server.close());
  return server;
};

beforeAll(async () => {
  content = await makeContent(3 * 2 ** 20);
  own = await makeIdentity(30);
  other = await makeIdentity(30);
});
beforeEach(async () => {
  target = join(await tempDir(), 'got.bin');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(removeTempDirs);

const pin = ({ fingerprint }: Identity): string => parseFingerprint(fingerprint)!;

describe('a server with a certificate of its own', () => {
  it('is refused at once, nothing is asked, and its fingerprint is told', async () => {
    const { url, requests } = await startTls(own);
    const got = await runGet([url], { output: target, timeoutMs: 20_000 });
    expect(got.error).toMatchObject({ code: 'ERR_NO_SOURCE' });
    expect(got.error?.message).toContain('its certificate is self-signed');
    expect(got.error?.message).toContain(own.fingerprint);
    expect(got.error?.message).toContain('--fingerprint');
    expect(requests()).toBe(0);
  });

  it('is trusted by its fingerprint', async () => {
    const { url } = await startTls(own);
    const access = new Access({ urls: [url], fingerprints: [pin(other), pin(own)] });
    const got = await runGet([url], { output: target, access });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
  });

  it('is trusted by the certificate of its issuer', async () => {
    const { url } = await startTls(own);
    const access = new Access({ urls: [url], ca: own.cert });
    const got = await runGet([url], { output: target, access });
    expect(got.error).toBeUndefined();
    expect((await readFile(target)).equals(content.bytes)).toBe(true);
  });

  it('is refused when it has another than the pinned one, even from a known issuer', async () => {
    const { url, requests } = await startTls(own);
    const access = new Access({ urls: [url], fingerprints: [pin(other)], ca: own.cert });
    const got = await runGet([url], { output: target, access });
    expect(got.error?.message).toContain('its certificate is not the pinned one');
    expect(got.error?.message).toContain(own.fingerprint);
    expect(requests()).toBe(0);
  });

  it('is refused under another name, or when it has expired', async () => {
    const { url } = await startTls(own);
    const named = new URL(url);
    named.hostname = 'localhost';
    const access = new Access({ urls: [url], ca: own.cert });
    expect((await runGet([named], { output: target, access })).error?.message).toContain(
      'its certificate is for another name',
    );
    const expired = await makeIdentity(-1);
    const old = await startTls(expired);
    const trusting = new Access({ urls: [old.url], ca: expired.cert });
    expect(
      (await runGet([old.url], { output: target, access: trusting })).error?.message,
    ).toContain('its certificate has expired');
  });

  it('is not trusted by a pin when a redirect led to it', async () => {
    const secret = await startTls(own);
    const first = keep(
      await startServer((_, response) =>
        response.writeHead(302, { location: secret.url.href }).end(),
      ),
    );
    const access = new Access({ urls: [first.url], fingerprints: [pin(own)] });
    const got = await runGet([first.url], { output: target, access });
    expect(got.error?.message).toContain('self-signed');
    expect(secret.requests()).toBe(0);
  });
});

describe('a token', () => {
  it('goes to the servers that were given, with every request, and to no other', async () => {
    const seen: Record<string, (string | undefined)[]> = { given: [], linked: [], redirected: [] };
    const linked = keep(
      await startHub(content, ({ headers }) => {
        seen.linked!.push(headers.authorization);
        return false;
      }),
    );
    const given = keep(
      await startHub(content, ({ headers }, response) => {
        seen.given!.push(headers.authorization);
        response.setHeader('link', `<${linked.url.href}>; rel=duplicate`);
        return false;
      }),
    );
    const redirected = keep(
      await startHub(content, ({ headers }) => {
        seen.redirected!.push(headers.authorization);
        return false;
      }),
    );
    const redirecting = keep(
      await startServer((_, response) =>
        response.writeHead(307, { location: redirected.url.href }).end(),
      ),
    );
    const urls = [given.url, redirecting.url];
    const access = new Access({ urls, token: 'abc.def-123' });
    const got = await runGet(urls, { output: target, access });
    expect(got.error).toBeUndefined();
    expect(new Set(seen.given)).toEqual(new Set(['Bearer abc.def-123']));
    expect(new Set(seen.linked)).toEqual(new Set([undefined]));
    expect(new Set(seen.redirected)).toEqual(new Set([undefined]));
    expect(JSON.stringify(got.events)).not.toContain('abc.def');
  });

  it('gives way to credentials in a URL', () => {
    const access = new Access({ urls: [new URL('http://a/')], token: 't' });
    expect(access.authorization(new URL('http://a/x'))).toBe('Bearer t');
    expect(access.authorization(new URL('http://u:p@a/x'))).toMatch(/^Basic /);
    expect(access.authorization(new URL('https://a/x'))).toBeUndefined();
    expect(access.authorization(new URL('http://a:81/x'))).toBeUndefined();
  });

  it.each([
    ['abc', true],
    ['a.b-c_d~e+f/g==', true],
    ['', false],
    ['two words', false],
    ['line\r\nx-evil: 1', false],
    ['é', false],
  ])('is %j: %s', (text, expected) => {
    expect(isToken(text)).toBe(expected);
  });
});

it.each([
  ['aB'.repeat(32), 'AB'.repeat(32)],
  [Array(32).fill('0f').join(':'), '0F'.repeat(32)],
  [`sha256:${'00'.repeat(32)}`, '00'.repeat(32)],
  ['ab', undefined],
  ['zz'.repeat(32), undefined],
])('reads the fingerprint %s', (text, expected) => {
  expect(parseFingerprint(text)).toBe(expected);
});

describe('what changes a server', () => {
  const quiet = { stallMs: 2000, emit: () => undefined, signal: new AbortController().signal };

  /** Takes everything; `shown` are the tokens that came. */
  async function startTaker(): Promise<{ url: URL; shown: (string | undefined)[] }> {
    const shown: (string | undefined)[] = [];
    const server = createServer({ cert: own.cert, key: own.key }, (request, response) => {
      shown.push(request.headers.authorization);
      request.resume().once('end', () => response.writeHead(204).end());
    });
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      server.emit('request', request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { url: new URL(`https://127.0.0.1:${port}/files/x`), shown };
  }

  const accessTo = (url: URL, { fingerprint }: Identity): Access =>
    new Access({
      urls: [url],
      token: 'secret',
      fingerprints: [parseFingerprint(fingerprint)!],
    });

  it('gets the token when it is the pinned one', async () => {
    const { url, shown } = await startTaker();
    const access = accessTo(url, own);
    await writeFile(target, 'hello');
    await putFile({ ...quiet, path: target, url, access });
    await removeFile({ ...quiet, url, access });
    expect(new Set(shown)).toEqual(new Set(['Bearer secret']));
  });

  it('gets nothing at all when it is not', async () => {
    const { url, shown } = await startTaker();
    const access = accessTo(url, other);
    await writeFile(target, 'hello');
    await expect(putFile({ ...quiet, path: target, url, access })).rejects.toThrow('pinned');
    await expect(removeFile({ ...quiet, url, access })).rejects.toThrow('pinned');
    expect(shown).toEqual([]);
  });
});
