// The engine against servers that speak bytes, not HTTP libraries: what real ones
// would not send is sent as it is, whole and a byte at a time.

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createBodyDecoder } from '../../../src/client/http/body-decoder.ts';
import { HttpClient, type HttpClientOptions } from '../../../src/client/http/http-client.ts';
import {
  bodyFraming,
  parseContentRange,
  parseResponseHead,
} from '../../../src/client/http/http-head.ts';
import { type SentRequest, sendRequest } from '../../../src/client/http/send-request.ts';
import { Patience } from '../../../src/client/mirrors/fail-over.ts';
import { PatientListing } from '../../../src/client/tree/remote/patient-listing.ts';
import { readDirectory } from '../../../src/client/tree/remote/read-directory.ts';
import { Link } from '../../../src/link/link.ts';
import { systemClock } from '../../../src/runtime/clock.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function rawServer(answer: (socket: Socket, count: number) => void): Promise<URL> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => answer(socket, count++));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
}

async function fetchAll(
  url: URL,
  limits: Omit<HttpClientOptions, 'access'> = { stallMs: 500 },
): Promise<string> {
  const http = new HttpClient(limits);
  closers.push(() => http.close());
  return Buffer.from(await http.getBytes(url, 1000, new AbortController().signal)).toString();
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('an answer', () => {
  it.each([
    ['with a length', `${OK}Content-Length: 5\r\n\r\nhello`],
    ['in chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n`],
    ['with a trailer', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n`],
    ['after an interim one', `HTTP/1.1 103 Early Hints\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`],
    ['until the end of the connection', `${OK}\r\nhello`],
    ['of a huge length', `${OK}Content-Length: 99999999999999999999\r\n\r\nhello`],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['without a phrase', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello'],
  ])('%s is read, in one part or byte by byte', async (_, text) => {
    expect(await fetchAll(await rawServer((socket) => socket.end(text)))).toBe('hello');
    const dripping = await rawServer((socket) => {
      for (const byte of text) socket.write(byte);
      socket.end();
    });
    expect(await fetchAll(dripping)).toBe('hello');
  });

  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n\r\n', 'did not answer in HTTP/1.1'],
    ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 'Content-Length'],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\n`, 'Content-Length'],
    ['an unknown coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`, 'transfer coding'],
    ['a bad chunk size', `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'chunk size'],
    ['an endless head', `${OK}A: ${'x'.repeat(310_000)}`, 'too long a header'],
    [
      'an endless chunk line',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(310_000)}`,
      'chunk',
    ],
    ['too short a body', `${OK}Content-Length: 9\r\n\r\nhello`, 'before the end'],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(129), 'without end'],
    ['too long a body', `${OK}Content-Length: 2000\r\n\r\n${'x'.repeat(2000)}`, 'over 1000 bytes'],
    ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n', 'switched protocols'],
    ['nothing', '', 'before the end; if it speaks TLS, give https://'],
    ['an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46', 'speaks TLS there; give https://'],
  ])('that is %s is refused', async (_, text, reason) => {
    const url = await rawServer((socket) => socket.end(text, 'latin1'));
    await expect(fetchAll(url)).rejects.toThrow(reason);
  });

  it('that never comes is given up', async () => {
    await expect(fetchAll(await rawServer(() => undefined))).rejects.toThrow('nothing for 0.5 s');
  });

  it('is asked for again when a kept connection turns out to be closed', async () => {
    const url = await rawServer((socket, count) => {
      if (count === 1) socket.destroy();
      else socket.write(`${OK}Content-Length: 5\r\n\r\nhello`);
    });
    const http = new HttpClient({ stallMs: 500 });
    closers.push(() => http.close());
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      expect(Buffer.from(await http.getBytes(url, 10, signal)).toString()).toBe('hello');
    }
  });

  it('comes whole when a part of it comes with its head', async () => {
    const body = `${'a'.repeat(100)}${'b'.repeat(400)}`;
    const first = `${OK}Content-Length: 500\r\n\r\n${body.slice(0, 100)}`;
    const url = await rawServer((socket) => {
      // Apart, so that the rest is read later, into the memory where the head was.
      socket.write(first, () => setTimeout(() => socket.write(body.slice(100)), 20));
    });
    expect(await fetchAll(url)).toBe(body);
  });

  it('redirects for ever are given up', async () => {
    const url = await rawServer((socket) =>
      socket.write('HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'),
    );
    await expect(fetchAll(url)).rejects.toThrow('redirected more than 50 times');
  });
});

describe('a server that drips', () => {
  /** A byte of `rest` every 20 ms, over and over, for as long as it is connected. */
  const dripping = (head: string, rest: string): Promise<URL> =>
    rawServer((socket, count) => {
      if (count > 0) return;
      socket.write(head);
      let at = 0;
      const timer = setInterval(() => socket.write(rest[at++ % rest.length]!), 20);
      socket.on('close', () => clearInterval(timer));
    });
  const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

  it.each([
    ['a head', `${OK}X: `, 'a', 'no whole header'],
    ['interim answers', '', 'HTTP/1.1 103 Hi\r\n\r\n', 'no whole header'],
    ['a body', `${OK}Content-Length: 100000\r\n\r\n`, ' ', 'sent only'],
    ['a body without a length', `${OK}\r\n`, ' ', 'sent only'],
    ['chunks', CHUNKED, '1\r\n \r\n', 'sent only'],
    ['the extension of a chunk', `${CHUNKED}5;a=`, 'b', 'sent nothing for'],
    ['a trailer', `${CHUNKED}2\r\n{}\r\n0\r\n`, 'X-T: b\r\n', 'sent '],
  ])('%s is given up where another source may help', async (_, head, rest, reason) => {
    const limits = { stallMs: 500, exacting: true };
    await expect(fetchAll(await dripping(head, rest), limits)).rejects.toThrow(reason);
  });

  it.each([
    ['a head', `${OK}X: `, 'a', 'no whole header for 2 s'],
    ['interim answers', '', 'HTTP/1.1 103 Hi\r\n\r\n', 'no whole header for 2 s'],
    ['the extension of a chunk', `${CHUNKED}5;a=`, 'b', 'sent nothing for'],
    ['a trailer', `${CHUNKED}2\r\n{}\r\n0\r\n`, 'X-T: b\r\n', 'sent nothing for'],
  ])('%s is given up where there is no other', async (_, head, rest, reason) => {
    await expect(fetchAll(await dripping(head, rest), { stallMs: 200 })).rejects.toThrow(reason);
  });

  it.each([
    ['a body', `${OK}Content-Length: 30\r\n\r\n`, 'abcdefghij', 'abcdefghij'.repeat(3)],
    ['a body in chunks', CHUNKED, '3\r\nabc\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n', 'abcabcabc'],
    ['a head', '', `${OK}Content-Length: 2\r\n\r\nok`, 'ok'],
    [
      'interim answers',
      '',
      `${'HTTP/1.1 102 Hi\r\n\r\n'.repeat(2)}${OK}Content-Length: 0\r\n\r\n`,
      '',
    ],
  ])('%s is waited for where there is no other', async (_, head, rest, text) => {
    const url = await dripping(head, rest);
    expect(await fetchAll(url, { stallMs: 400 })).toBe(text);
  });

  it('is waited for while the end comes in time, and while the taker makes it wait', async () => {
    const url = await rawServer((socket) => {
      socket.write(`${OK}Content-Length: 6\r\n\r\nab`);
      setTimeout(() => socket.write('cd'), 200);
      setTimeout(() => socket.write('ef'), 400);
    });
    const http = new HttpClient({ stallMs: 500 });
    closers.push(() => http.close());
    const { signal } = new AbortController();
    const response = await http.request({ method: 'GET', url, signal });
    let text = '';
    await response.pump((chunk) => {
      text += Buffer.from(chunk).toString();
      return new Promise((resolve) => setTimeout(resolve, 600));
    });
    expect(text).toBe('abcdef');
  });

  it.each([
    ['a head', `${OK}X: `, 'a', /no whole answer/],
    ['interim answers', '', 'HTTP/1.1 102 Processing\r\n\r\n', /no whole answer|without end/],
  ])('%s is given up by who deletes or sends', async (_, head, rest, reason) => {
    const basis = { link: new Link(), stallMs: 200, signal: new AbortController().signal };
    const send = async (what: Pick<SentRequest, 'method' | 'body'>) =>
      sendRequest({ ...basis, ...what, url: await dripping(head, rest) });
    await expect(send({ method: 'DELETE' })).rejects.toThrow(reason);
    const chunks = async function* () {
      yield Buffer.alloc(1000);
    };
    const body = { bytes: 1000, chunks, onSent: () => undefined };
    await expect(send({ method: 'PUT', body })).rejects.toThrow(reason);
  });

  it('pages of a listing without an entry are given up', async () => {
    let page = 0;
    const url = await rawServer((socket) => {
      const body = JSON.stringify({ path: '/', truncated: true, next: `?${page++}`, entries: [] });
      socket.write(`${OK}Content-Length: ${body.length}\r\n\r\n${body}`);
    });
    const http = new HttpClient({ stallMs: 500 });
    closers.push(() => http.close());
    const { signal } = new AbortController();
    const listing = new PatientListing({ http, timeoutMs: 500, emit: () => undefined, signal });
    await expect(readDirectory(listing, url)).rejects.toThrow('pages without end');
  });

  it('makes no progress by less than a KiB, unless a part is whole', () => {
    let nowMs = 0;
    const patience = new Patience(1000, { ...systemClock, now: () => nowMs });
    nowMs = 900;
    patience.handleBytes(0, 1023);
    expect(patience.leftMs).toBe(100);
    patience.handleBytes(0, 1024);
    expect(patience.leftMs).toBe(1000);
    nowMs = 1000;
    patience.handleBytes(0, 1030);
    patience.handleDone(0);
    expect(patience.leftMs).toBe(1000);
  });
});

describe('parseResponseHead', () => {
  it('gives a head or a violation for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const head = parseResponseHead(Buffer.concat([Buffer.from(OK), noise]));
        if (typeof head === 'string') return;
        bodyFraming('GET', head);
      }),
    );
  });
});

describe('chunked framing', () => {
  it('comes off however the bytes are split', () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(chunks, fc.array(fc.nat(400), { maxLength: 12 }), (parts, cuts) => {
        const wire = Buffer.concat([
          ...parts.flatMap((part) => [
            Buffer.from(`${part.length.toString(16)}\r\n`),
            part,
            Buffer.from('\r\n'),
          ]),
          Buffer.from('0\r\n\r\n'),
        ]);
        const at = [0, ...cuts.filter((cut) => cut < wire.length), wire.length].sort(
          (a, b) => a - b,
        );
        const decoder = createBodyDecoder({ kind: 'chunked' });
        const payload = at.slice(1).flatMap((end, i) => {
          const decoded = decoder.decode(wire.subarray(at[i], end));
          if (typeof decoded === 'string') throw new Error(decoded);
          return decoded;
        });
        expect(Buffer.concat(payload).equals(Buffer.concat(parts))).toBe(true);
        expect(decoder).toMatchObject({ done: true, surplus: false });
      }),
    );
  });

  it('gives payload or a violation for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        createBodyDecoder({ kind: 'chunked' }).decode(noise);
      }),
    );
  });
});

describe('parseContentRange', () => {
  it.each([
    ['bytes 0-9/10', { first: 0, end: 10, total: 10 }],
    ['bytes 5-9/*', { first: 5, end: 10, total: undefined }],
    ['bytes 9-5/10', undefined],
    ['bytes 0-10/10', undefined],
    ['bytes */10', undefined],
    ['items 0-1/2', undefined],
    [undefined, undefined],
  ])('%s', (text, expected) => {
    expect(parseContentRange(text)).toEqual(expected);
  });
});
