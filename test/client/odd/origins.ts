// Origins that answer in odd ways, as bytes: what curl, wget or aria2 fetch from them, the client
// fetches as well. Each hands out the five bytes 'hello' at /x, whatever it does before.
import { deflateSync, gzipSync } from 'node:zlib';

interface Ask {
  readonly method: string;
  /** The request target, as sent. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** 'cut': the connection ends without an answer. 'hold': nothing comes, and it stays open. */
type Answer = string | 'cut' | 'hold';

export interface OddOrigin {
  /** What is odd; the name of the test. */
  readonly name: string;
  /** Text in Latin-1: one character is one byte. */
  readonly answer: (ask: Ask) => Answer;
  /** Keeps the connection open after an answer. */
  readonly keeps?: boolean;
  /** Bytes of the file, if not 'hello'. */
  readonly bytes?: Buffer;
}

const HELLO = 'Content-Length: 5\r\n\r\nhello';
const OK = `HTTP/1.1 200 OK\r\n${HELLO}`;
const NO_BODY = 'Content-Length: 0\r\n\r\n';
const EMPTY = (status: string): string => `HTTP/1.1 ${status}\r\n${NO_BODY}`;

/** UTF-8 as a server sends it unescaped. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** The head of an answer, with the interim ones before it, as to a HEAD. */
const headOf = (answer: string): string =>
  /^(?:HTTP\/1.1 1(?:.|\r\n(?!\r\n))*\r\n\r\n)*.*?\n\r?\n/s.exec(answer)![0];

const always = (name: string, text: string, more: Partial<OddOrigin> = {}): OddOrigin => ({
  name,
  answer: ({ method }) => (method === 'HEAD' ? headOf(text) : text),
  ...more,
});

/** HEAD is answered so; GET gives the file. */
const head = (name: string, answer: Answer, more: Partial<OddOrigin> = {}): OddOrigin => ({
  name: `HEAD: ${name}`,
  answer: ({ method }) => (method === 'HEAD' ? answer : OK),
  ...more,
});

/** The answer to /x, and the file at every other path. */
const moved = (
  name: string,
  answer: (ask: Ask) => Answer,
  finds: (ask: Ask) => boolean,
): OddOrigin => ({
  name: `redirect: ${name}`,
  answer: (ask) => {
    if (ask.target === '/x') return answer(ask);
    if (!finds(ask)) return EMPTY('404 Not Found');
    return ask.method === 'HEAD' ? headOf(OK) : OK;
  },
  keeps: true,
});

const to = (location: string, status = '302 Found', fields = ''): string =>
  `HTTP/1.1 ${status}\r\nLocation: ${location}\r\n${fields}${NO_BODY}`;

/** The number of a path like /7; 0 for any other. */
const stepOf = (target: string): number => Number(/^\/(\d+)$/.exec(target)?.[1] ?? 0);

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const GZIP = gzipSync('hello');

export const HEADS: readonly OddOrigin[] = [
  head('400', EMPTY('400 Bad Request')),
  head('401', EMPTY('401 Unauthorized')),
  head('403', EMPTY('403 Forbidden')),
  head('404', EMPTY('404 Not Found')),
  head('405', EMPTY('405 Method Not Allowed')),
  head('406', EMPTY('406 Not Acceptable')),
  head('410', EMPTY('410 Gone')),
  head('416', EMPTY('416 Range Not Satisfiable')),
  head('500', EMPTY('500 Internal Server Error')),
  head('501', EMPTY('501 Not Implemented')),
  head('503', EMPTY('503 Service Unavailable')),
  head('503 for an hour', `HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\n${NO_BODY}`),
  head('a status of its own', EMPTY('999 Request denied')),
  head('204', 'HTTP/1.1 204 No Content\r\n\r\n'),
  head('304, though nothing was asked', 'HTTP/1.1 304 Not Modified\r\n\r\n'),
  head('206', 'HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n'),
  head('206 of a range', `HTTP/1.1 206 OK\r\nContent-Range: bytes 0-4/5\r\n${NO_BODY}`),
  head('nothing, and the end of the connection', 'cut'),
  head('no HTTP', 'What?\r\n\r\n'),
  head('a body as well', OK),
  head('a body as well, on a kept connection', OK, { keeps: true }),
  head('the body of another length', `HTTP/1.1 200 OK\r\n${NO_BODY}`),
  head('without a length', 'HTTP/1.1 200 OK\r\n\r\n'),
  head('chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
  head('a redirect to itself', to('/x')),
  head('a redirect to nowhere', 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n'),
  {
    name: 'HEAD: refused, and a Range as well',
    answer: ({ method, headers }) =>
      method === 'HEAD' || headers.has('range') ? EMPTY('400 Bad Request') : OK,
  },
  {
    name: 'a Range cuts the connection',
    answer: ({ method, headers }) => (method === 'HEAD' || headers.has('range') ? 'cut' : OK),
  },
];

const coded = (name: string, coding: string, bytes: Buffer = GZIP): OddOrigin =>
  always(
    `Content-Encoding: ${name}`,
    `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes.toString('latin1')}`,
    { bytes },
  );

/** The bytes are kept as they come: none of these was asked for. */
export const CODINGS: readonly OddOrigin[] = [
  coded('gzip', 'gzip'),
  coded('x-gzip', 'x-gzip'),
  coded('br, of what is not', 'br'),
  coded('aws-chunked', 'aws-chunked', Buffer.from('hello')),
  coded('none', 'none', Buffer.from('hello')),
  coded('empty', '', Buffer.from('hello')),
  coded('identity', 'Identity', Buffer.from('hello')),
  coded('UTF-8', 'UTF-8', Buffer.from('hello')),
];

export const REDIRECTS: readonly OddOrigin[] = [
  {
    name: 'redirect: fifty times',
    answer: ({ method, target }) => {
      const step = stepOf(target);
      if (step < 50) return to(`/${step + 1}`);
      return method === 'HEAD' ? headOf(OK) : OK;
    },
    keeps: true,
  },
  {
    name: 'redirect: to itself, with a cookie',
    answer: ({ method, headers }) => {
      if (headers.get('cookie') !== 'seen=1')
        return to('/x', '302 Found', 'Set-Cookie: seen=1\r\n');
      return method === 'HEAD' ? headOf(OK) : OK;
    },
    keeps: true,
  },
  moved(
    'with two cookies, of which one is deleted again',
    () =>
      to(
        '/y',
        '302 Found',
        'Set-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=2; Expires=Wed, 01 Jan 2098 00:00:00 GMT\r\nSet-Cookie: c=3; Max-Age=0\r\n',
      ),
    ({ headers }) => /^(a=1; b=2|b=2; a=1)$/.test(headers.get('cookie') ?? ''),
  ),
  moved(
    'with a cookie of a narrower path',
    () => to('/y', '302 Found', 'Set-Cookie: a=1; Path=/z\r\nSet-Cookie: b=2; Path=/\r\n'),
    ({ headers }) => headers.get('cookie') === 'b=2',
  ),
  moved(
    'raw UTF-8',
    () => to(utf8('/é/ü?q=ß')),
    ({ target }) => target === '/%C3%A9/%C3%BC?q=%C3%9F',
  ),
  moved(
    'raw Latin-1',
    () => to('/\xe9'),
    ({ target }) => target === '/%E9',
  ),
  moved(
    'spaces',
    () => to('/a b?c d'),
    ({ target }) => target === '/a%20b?c%20d',
  ),
  moved(
    'relative',
    () => to('y?z'),
    ({ target }) => target === '/y?z',
  ),
  moved(
    'a query only',
    () => to('?z'),
    ({ target }) => target === '/x?z',
  ),
  moved(
    'a fragment',
    () => to('/y#part'),
    ({ target }) => target === '/y',
  ),
  moved(
    'dots',
    () => to('/a/../y'),
    ({ target }) => target === '/y',
  ),
  moved(
    'lower case, folded',
    () => `HTTP/1.1 302 Found\r\nlocation:\r\n /y\r\n${NO_BODY}`,
    ({ target }) => target === '/y',
  ),
  moved(
    'named twice',
    () => `HTTP/1.1 302 Found\r\nLocation: /y\r\nLocation: /z\r\n${NO_BODY}`,
    ({ target }) => target === '/y',
  ),
  ...['300 Multiple Choices', '301 Moved', '303 See Other', '307 Temporary', '308 Permanent'].map(
    (status) =>
      moved(
        status,
        () => to('/y', status),
        ({ target }) => target === '/y',
      ),
  ),
  moved(
    'with a body that never ends',
    () => `HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 99999\r\n\r\n<html>`,
    ({ target }) => target === '/y',
  ),
  moved(
    'chunked',
    () => 'HTTP/1.1 302 Found\r\nLocation: /y\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ({ target }) => target === '/y',
  ),
  moved(
    'coded',
    () => to('/y', '302 Found', 'Content-Encoding: gzip\r\n'),
    ({ target }) => target === '/y',
  ),
  ...[`/${'y'.repeat(75_000)}`, `/y?${'z'.repeat(75_000)}`, '/yyyy'.repeat(15_000)].map((long, i) =>
    moved(
      `of 75 KB (${i + 1})`,
      () => to(long),
      ({ target }) => target === long,
    ),
  ),
];

const field = (line: string): string => `HTTP/1.1 200 OK\r\n${line}\r\n${HELLO}`;

/** gzip in two chunks. */
const zipped = (coding: string): string => {
  const parts = [GZIP.subarray(0, 7), GZIP.subarray(7)];
  const chunks = parts.map(
    (part) => `${part.length.toString(16)}\r\n${part.toString('latin1')}\r\n`,
  );
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n${chunks.join('')}0\r\n\r\n`;
};

export const FRAMINGS: readonly OddOrigin[] = [
  always('head: folded', field('X-A: one\r\n two\r\n\tthree')),
  always('head: a length that is folded', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello'),
  always('head: bare LF', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'),
  always('head: bare LF at the end only', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello'),
  always('head: bare LF, then CRLF', 'HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello'),
  always('head: of 20 KiB in one field', field(`X-A: ${'a'.repeat(20_000)}`)),
  always('head: of 90 KiB in one field', field(`X-A: ${'a'.repeat(90_000)}`)),
  always(
    'head: of 200 KiB',
    field(Array.from({ length: 40 }, () => `X-A: ${'a'.repeat(5000)}`).join('\r\n')),
  ),
  always(
    'head: of 1000 fields',
    field(Array.from({ length: 1000 }, (_, i) => `X-${i}: a`).join('\r\n')),
  ),
  always(
    'head: 1000 cookies',
    field(Array.from({ length: 1000 }, (_, i) => `Set-Cookie: n${i}=v`).join('\r\n')),
  ),
  always('head: a control character', field('X-A: \x1b[2J\x01')),
  always('head: raw UTF-8', field(`X-A: ${utf8('é\u2028')}`)),
  always('head: a field without a name', field(': a')),
  always(
    'head: white space before the colon',
    'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello',
  ),
  always('head: a name with a space', field('X A: b')),
  always('head: a name in UTF-8', field(`${utf8('é')}: b`)),
  always('head: a field without a value', field('X-A:')),
  always('status: no phrase', `HTTP/1.1 200\r\n${HELLO}`),
  always('status: no phrase, a space', `HTTP/1.1 200 \r\n${HELLO}`),
  always('status: a phrase in UTF-8', `HTTP/1.1 200 ${utf8('tr\u00e8s bien')}\r\n${HELLO}`),
  always('status: 203', `HTTP/1.1 203 Non-Authoritative\r\n${HELLO}`),
  always('status: 201', `HTTP/1.1 201 Created\r\n${HELLO}`),
  always('status: 202', `HTTP/1.1 202 Accepted\r\n${HELLO}`),
  always('status: 206 without a range', `HTTP/1.1 206 Partial Content\r\n${HELLO}`),
  always('status: 206 of the whole', `HTTP/1.1 206 OK\r\nContent-Range: bytes 0-4/5\r\n${HELLO}`),
  always('status: HTTP/1.0, kept', `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${HELLO}`, {
    keeps: true,
  }),
  always('status: two spaces', `HTTP/1.1  200 OK\r\n${HELLO}`),
  always('status: a tab', `HTTP/1.1 200\tOK\r\n${HELLO}`),
  always('status: no space before the phrase', `HTTP/1.1 200OK\r\n${HELLO}`),
  always('status: lower case', `http/1.1 200 OK\r\n${HELLO}`),
  always('status: HTTP/2', `HTTP/2 200\r\n${HELLO}`),
  always('status: HTTP/2.0', `HTTP/2.0 200 OK\r\n${HELLO}`),
  always('status: 226', `HTTP/1.1 226 IM Used\r\n${HELLO}`),
  always('status: 299', `HTTP/1.1 299 Fine\r\n${HELLO}`),
  ...['HTTP/1.2', 'HTTP/1.10', 'HTTP/0.9', 'HTTP/1', 'HTTP/3'].map((version) =>
    always(`status: ${version}`, `${version} 200 OK\r\n${HELLO}`),
  ),
  always('status: 205', `HTTP/1.1 205 Reset Content\r\n${HELLO}`),
  always('status: 205 without a body', `HTTP/1.1 205 Reset Content\r\n${NO_BODY}`, {
    bytes: Buffer.alloc(0),
  }),
  ...['bytes=0-4/5', '0-4/5', 'bytes: 0-4/5', 'bytes  0-4/5', 'BYTES 0 - 4 / 5'].map((range) =>
    always(
      `status: 206 of the whole, as '${range}'`,
      `HTTP/1.1 206 OK\r\nContent-Range: ${range}\r\n${HELLO}`,
    ),
  ),
  always('head: a line without a colon', field('no field')),
  always('head: a line without a colon, first', `HTTP/1.1 200 OK\r\nno field\r\n${HELLO}`),
  always('head: of 100 KB', field(`X-A: ${'a'.repeat(100_000)}`)),
  ...[
    '+5',
    '5.0',
    '5 bytes',
    '5bytes',
    '5 octets',
    '5 (bytes)',
    '5;',
    '5; q=1',
    '5,',
    '5, +05 bytes',
  ].map((length) =>
    always(`length: '${length}'`, `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nhello and`),
  ),
  always('length: twice the same', field('Content-Length: 5')),
  always('length: a list of the same', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'),
  always('length: leading zeros', 'HTTP/1.1 200 OK\r\nContent-Length: 000005\r\n\r\nhello'),
  always(
    'length: 20 digits, zeros first',
    'HTTP/1.1 200 OK\r\nContent-Length: 00000000000000000005\r\n\r\nhello',
  ),
  always('length: spaces', 'HTTP/1.1 200 OK\r\nContent-Length:   5  \r\n\r\nhello'),
  always('length: none', 'HTTP/1.1 200 OK\r\n\r\nhello'),
  always('length: none, keep-alive', 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nhello'),
  always('length: less than what comes', `${OK} and more`),
  always(
    'length: and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  always(
    'chunks: and a length',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  always(
    'chunks: named in capitals',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  always('chunks: bare LF', `${CHUNKED}5\nhello\n0\n\n`),
  always('chunks: spaces after the size', `${CHUNKED}5   \r\nhello\r\n0\r\n\r\n`),
  always(
    'chunks: leading zeros',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000005\r\nhello\r\n000\r\n\r\n',
  ),
  always('chunks: an extension', `${CHUNKED}5;a="\xe9"\r\nhello\r\n0\r\n\r\n`),
  always(
    'chunks: an extension of 4 KiB',
    `${CHUNKED}5;a=${'b'.repeat(4000)}\r\nhello\r\n0\r\n\r\n`,
  ),
  ...[
    '5 junk',
    '5junk',
    '5,',
    '5 5',
    '5\r',
    '5."',
    '5 ;a',
    '0000000000000000000000005',
    `5;a=${'b'.repeat(90_000)}`,
  ].map((size, i) =>
    always(
      `chunks: a size with more in its line (${i + 1})`,
      `${CHUNKED}${size}\r\nhello\r\n0\r\n\r\n`,
    ),
  ),
  ...['0 junk', '0;a=b', '0,', '0\r', `0;a=${'b'.repeat(90_000)}`].map((size, i) =>
    always(
      `chunks: a last size with more in its line (${i + 1})`,
      `${CHUNKED}5\r\nhello\r\n${size}\r\n\r\n`,
    ),
  ),
  always(
    'chunks: a trailer of 20 KB in one line',
    `${CHUNKED}5\r\nhello\r\n0\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
  ),
  always(
    'chunks: a trailer of 100 KB in many lines',
    `${CHUNKED}5\r\nhello\r\n0\r\n${`X-A: ${'a'.repeat(250)}\r\n`.repeat(400)}\r\n`,
  ),
  always('chunks: a trailer', `${CHUNKED}5\r\nhello\r\n0\r\nX-A: b\r\n\r\n`),
  always('chunks: an odd trailer', `${CHUNKED}5\r\nhello\r\n0\r\nno field\r\n\r\n`),
  always('chunks: more after the end', `${CHUNKED}5\r\nhello\r\n0\r\n\r\nrest`),
  ...(
    [
      ['gzip', GZIP],
      ['x-gzip', GZIP],
      ['deflate', deflateSync('hello')],
    ] as const
  ).map(([coding, bytes]) =>
    always(
      `coding: ${coding}, and a length that does not count`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\nContent-Length: 3\r\n\r\n${bytes.toString('latin1')}`,
    ),
  ),
  always('coding: gzip, chunked', zipped('gzip, chunked')),
  always('coding: gzip and chunks in two fields', zipped('gzip\r\nTransfer-Encoding: chunked')),
  always(
    'coding: chunked, chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  always(
    'length: beyond counting',
    'HTTP/1.1 200 OK\r\nContent-Length: 36893488147419103232\r\n\r\nhello',
  ),
  ...['none', 'None', '', 'identity, none'].map((coding) =>
    always(
      `coding: '${coding}'`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n${HELLO} and more`,
    ),
  ),
  always('coding: none, chunked', zipped('none, chunked'), { bytes: GZIP }),
  always('status: 204', 'HTTP/1.1 204 No Content\r\n\r\n', { bytes: Buffer.alloc(0) }),
  always(
    'coding: identity',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello',
  ),
  always('interim: 100', `HTTP/1.1 100 Continue\r\n\r\n${OK}`),
  always(
    'interim: 102 and 103',
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </y>\r\n\r\n${OK}`,
  ),
  always('interim: twenty', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20)}${OK}`),
  always(
    'dates of no calendar',
    field('Date: yesterday\r\nLast-Modified: 31 Feb 1899\r\nETag: none\r\nAge: -1'),
  ),
  always('a disposition that is none', field('Content-Disposition: ;;;=="')),
];

const refused = (name: string, text: string, reason: string) => ({ ...always(name, text), reason });

/**
 * What no program should take for the file, and why it is refused. docs/as-meant.md says it to
 * people.
 */
export const REFUSED: readonly (OddOrigin & { readonly reason: string })[] = [
  // Each names more bytes, in its own way, than the first digits, which curl and wget read.
  ...['5 000', '5,000', '5 KB', '5k', '5e3', '0x5', '5.5', '5 5', '5, 6', '-5', '"5"', 'five'].map(
    (length) =>
      refused(
        `a length as '${length}'`,
        `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nhello`,
        'a malformed Content-Length',
      ),
  ),
  // Read as curl reads them, the file would end at the zero.
  ...['0x5', '0.5', '0x0', ' 5', '+5', '"5"', '', '-5', '123456789abcdef'].map((size) =>
    refused(
      `a chunk size as '${size}'`,
      `${CHUNKED}${size}\r\nhello\r\n0\r\n\r\n`,
      'a malformed chunk size',
    ),
  ),
  refused(
    'a chunk that is longer than its size',
    `${CHUNKED}5 6\r\nhello!\r\n0\r\n\r\n`,
    'a malformed chunk',
  ),
  refused(
    'a chunk line without an end',
    `${CHUNKED}5;${'a'.repeat(400_000)}\r\nhello\r\n0\r\n\r\n`,
    'an endless chunk line',
  ),
  refused(
    'a trailer without an end',
    `${CHUNKED}5\r\nhello\r\n0\r\n${`X-A: ${'a'.repeat(250)}\r\n`.repeat(2000)}\r\n`,
    'an endless trailer',
  ),
  // The body says where the file is, to a person. It is not the file.
  ...['300 Choices', '301 Moved', '302 Found', '303 See', '307 There', '308 There'].flatMap(
    (status) =>
      ['', 'Location:\r\n'].map((fields) =>
        refused(
          `${status} ${fields === '' ? 'without a Location' : 'with an empty one'}`,
          `HTTP/1.1 ${status}\r\n${fields}${HELLO}`,
          'redirected to no http(s) URL',
        ),
      ),
  ),
  refused('304, though nothing was asked', 'HTTP/1.1 304 Not Modified\r\n\r\n', '304 Not Modified'),
  refused('another 3xx', `HTTP/1.1 399 What\r\n${HELLO}`, 'status 399'),
  refused('a host of 20 KB', to(`http://${'a.'.repeat(10_000)}/y`), 'redirected to no http(s) URL'),
  // More of the file may be missing.
  ...['bytes 0-4/*', 'bytes 2-6/7', 'items 0-4/5', 'junk'].map((range) =>
    refused(
      `206 with '${range}', though all was asked for`,
      `HTTP/1.1 206 OK\r\nContent-Range: ${range}\r\n${HELLO}`,
      'another range than was asked for',
    ),
  ),
  refused(
    'lines that end in LF CR',
    'HTTP/1.1 200 OK\n\rContent-Length: 5\n\r\n\rhello',
    'a line that begins with CR',
  ),
  { ...always('a null byte in the head', field('X-A: a\0b')), reason: 'a null byte in its header' },
  {
    ...always('a null byte in the trailer', `${CHUNKED}5\r\nhello\r\n0\r\nX-A: \0\r\n\r\n`),
    reason: 'a null byte in its trailer',
  },
  {
    ...always('white space before the first field', `HTTP/1.1 200 OK\r\n X-A: b\r\n${HELLO}`),
    reason: 'white space before its first header field',
  },
  {
    ...always('chunks below another coding', zipped('chunked, gzip')),
    reason: 'a transfer coding that is not known',
  },
  { ...always('a coding that is not known', zipped('br, chunked')), reason: 'that is not known' },
  {
    ...always(
      'a coding that it has not',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello`,
    ),
    reason: 'its body is not coded so',
  },
  {
    ...always(
      'a coding that breaks off',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n${GZIP.subarray(0, 15).toString('latin1')}`,
    ),
    reason: 'its body is not coded so',
  },
];
