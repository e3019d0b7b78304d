// What RFC 9110, 9111 and 9112 expect of a server of files, as data: each vector is a
// request as it goes on the wire and the answer, with the section that asks for it.
// The file is ALPHABET at /files/f, changed at MODIFIED; ETAG stands for its tag.
// Where this server departs, the vector says so and docs/http.md says why.

export const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
export const MODIFIED = 'Wed, 01 Jan 2020 12:00:00 GMT';
const MODIFIED_RFC_850 = 'Wednesday, 01-Jan-20 12:00:00 GMT';
const MODIFIED_ASCTIME = 'Wed Jan  1 12:00:00 2020';
const BEFORE = 'Wed, 01 Jan 2020 11:59:59 GMT';
const AFTER = 'Wed, 01 Jan 2020 12:00:01 GMT';
const NO_DATE = 'Wed, 32 Jan 2020 12:00:00 GMT';

export interface Vector {
  /** Of RFC 9110 unless another is named. */
  readonly section: string;
  readonly what: string;
  /** GET unless given. */
  readonly method?: string;
  /** /files/f unless given. */
  readonly target?: string;
  /** HTTP/1.1 unless given. */
  readonly version?: string;
  /** Lines, as they are; Host and Connection: close come before them unless given. */
  readonly fields?: readonly string[];
  readonly hosts?: readonly string[];
  readonly body?: string;
  readonly status: number;
  /** In lower case; a field that must not be there is undefined. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly text?: string;
}

const range = (
  what: string,
  value: string,
  [first, last]: [number, number],
  section = '14.1.2',
): Vector => ({
  section,
  what,
  fields: [`Range: ${value}`],
  status: 206,
  headers: {
    'content-range': `bytes ${first}-${last}/26`,
    'content-length': String(last - first + 1),
    etag: 'ETAG',
    'last-modified': MODIFIED,
    'cache-control': 'no-cache',
  },
  text: ALPHABET.slice(first, last + 1),
});

const whole = (section: string, what: string, ...fields: string[]): Vector => ({
  section,
  what,
  fields,
  status: 200,
  headers: {
    'content-range': undefined,
    'content-length': '26',
    'accept-ranges': 'bytes',
    etag: 'ETAG',
  },
  text: ALPHABET,
});

const unsatisfiable = (what: string, value: string): Vector => ({
  section: '15.5.17',
  what,
  fields: [`Range: ${value}`],
  status: 416,
  headers: { 'content-range': 'bytes */26' },
});

const NINES = '9'.repeat(400);

export const RANGES: readonly Vector[] = [
  range('the first byte', 'bytes=0-0', [0, 0]),
  range('from the middle to the middle', 'bytes=5-9', [5, 9]),
  range('the last byte by number', 'bytes=25-25', [25, 25]),
  range('open at the end', 'bytes=20-', [20, 25]),
  range('all of it is a part as well', 'bytes=0-', [0, 25]),
  range('an end behind the end', 'bytes=20-99', [20, 25]),
  range('an end beyond any number', `bytes=20-${NINES}`, [20, 25]),
  range('a suffix', 'bytes=-3', [23, 25]),
  range('a suffix longer than the file', 'bytes=-99', [0, 25]),
  range('a suffix as long as the file', 'bytes=-26', [0, 25]),
  range('leading zeros', 'bytes=0005-0009', [5, 9]),
  range('the unit in capitals', 'BYTES=5-9', [5, 9], '14.1'),
  range('white space in the list', 'bytes= 5-9 ', [5, 9], '14.1.2'),
  range('empty elements in the list', 'bytes=,5-9,', [5, 9], '5.6.1.2'),
  range('two that touch come as one', 'bytes=0-4,5-9', [0, 9], '15.3.7.2'),
  range('two that overlap come as one', 'bytes=0-6,5-9', [0, 9], '15.3.7.2'),
  range('of two, the one that can be had', 'bytes=90-99,5-9', [5, 9], '14.1.1'),
  unsatisfiable('behind the end', 'bytes=26-'),
  unsatisfiable('far behind the end', `bytes=${NINES}-`),
  unsatisfiable('a suffix of nothing', 'bytes=-0'),
  unsatisfiable('two, and none can be had', 'bytes=26-,-0'),
  whole('14.2', 'the end before the start is malformed', 'Range: bytes=9-5'),
  whole('14.2', 'one malformed of two', 'Range: bytes=0-1,x'),
  whole('14.2', 'no range at all', 'Range: bytes='),
  whole('14.2', 'a dash', 'Range: bytes=-'),
  whole('14.2', 'a sign', 'Range: bytes=+1-2'),
  whole('14.2', 'a fraction', 'Range: bytes=1.5-2'),
  whole('14.2', 'hexadecimal', 'Range: bytes=0x1-2'),
  whole('14.2', 'white space inside', 'Range: bytes=1 -2'),
  whole('14.2', 'no equals sign', 'Range: bytes 1-2'),
  whole('14.2', 'another unit', 'Range: lines=1-2'),
  whole('14.2', 'a negative start', 'Range: bytes=-1-2'),
  whole('5.3', 'two Range lines make no range set', 'Range: bytes=0-1', 'Range: bytes=2-3'),
  whole('14.2', 'more than 16 ranges', `Range: bytes=${'0-0,'.repeat(16)}0-0`),
  whole('14.2', 'a thousand ranges', `Range: bytes=${'0-,'.repeat(1000)}0-`),
  {
    ...whole('14.2', 'HEAD has no ranges', 'Range: bytes=0-1'),
    method: 'HEAD',
    text: '',
  },
  {
    section: '15.3.7.2',
    what: 'sixteen times the same is one part',
    fields: [`Range: bytes=${'0-0,'.repeat(15)}0-0`],
    status: 206,
    headers: { 'content-range': 'bytes 0-0/26' },
    text: 'a',
  },
];

/** If-Range: whether Range counts (section 13.1.5). */
const ifRange = (what: string, value: string, holds: boolean): Vector => ({
  ...(holds
    ? range(what, 'bytes=5-9', [5, 9], '13.1.5')
    : whole('13.1.5', what, 'Range: bytes=5-9')),
  fields: ['Range: bytes=5-9', `If-Range: ${value}`],
});

export const IF_RANGE: readonly Vector[] = [
  ifRange('the tag', 'ETAG', true),
  ifRange('another tag', '"other"', false),
  ifRange('the tag as a weak one', 'W/ETAG', false),
  ifRange('the tag among others is no tag', '"other", ETAG', false),
  ifRange('a star is no tag', '*', false),
  ifRange('the date', MODIFIED, true),
  ifRange('the date as RFC 850 has it', MODIFIED_RFC_850, true),
  ifRange('the date as asctime has it', MODIFIED_ASCTIME, true),
  ifRange('an earlier date', BEFORE, false),
  ifRange('a later date is not the same', AFTER, false),
  ifRange('no date', NO_DATE, false),
  ifRange('nonsense', 'nonsense', false),
  {
    ...whole('13.1.5', 'a range that cannot be had, of another version', ''),
    fields: ['Range: bytes=90-', 'If-Range: "other"'],
  },
  {
    ...unsatisfiable('a range that cannot be had, of this version', ''),
    fields: ['Range: bytes=90-', 'If-Range: ETAG'],
  },
];

const unchanged = (section: string, what: string, ...fields: string[]): Vector => ({
  section,
  what,
  fields,
  status: 304,
  headers: {
    // Section 15.4.5: what the 200 would have had of these.
    etag: 'ETAG',
    'cache-control': 'no-cache',
    'last-modified': MODIFIED,
    'content-length': undefined,
    'content-type': undefined,
    'content-range': undefined,
  },
  text: '',
});

const failed = (section: string, what: string, ...fields: string[]): Vector => ({
  section,
  what,
  fields,
  status: 412,
  headers: { 'content-range': undefined },
});

export const CONDITIONS: readonly Vector[] = [
  unchanged('13.1.2', 'the tag', 'If-None-Match: ETAG'),
  unchanged('13.1.2', 'the tag as a weak one', 'If-None-Match: W/ETAG'),
  unchanged('13.1.2', 'any', 'If-None-Match: *'),
  unchanged('13.1.2', 'the tag in a list', 'If-None-Match: "a", ETAG, "b"'),
  unchanged('13.1.2', 'the tag in a list with a comma in a tag', 'If-None-Match: "a,b",ETAG'),
  unchanged('5.3', 'the tag on a second line', 'If-None-Match: "a"', 'If-None-Match: ETAG'),
  { ...unchanged('13.1.2', 'the tag, of HEAD', 'If-None-Match: ETAG'), method: 'HEAD' },
  whole('13.1.2', 'another tag', 'If-None-Match: "other"'),
  whole('13.1.2', 'no list of tags', 'If-None-Match: other'),
  whole('13.1.2', 'a star among tags is malformed', 'If-None-Match: "other", *'),
  unchanged('13.1.3', 'the date', `If-Modified-Since: ${MODIFIED}`),
  unchanged('13.1.3', 'a later date', `If-Modified-Since: ${AFTER}`),
  unchanged('13.1.3', 'the date as RFC 850 has it', `If-Modified-Since: ${MODIFIED_RFC_850}`),
  unchanged('13.1.3', 'the date as asctime has it', `If-Modified-Since: ${MODIFIED_ASCTIME}`),
  whole('13.1.3', 'an earlier date', `If-Modified-Since: ${BEFORE}`),
  whole('13.1.3', 'no date', `If-Modified-Since: ${NO_DATE}`),
  whole('13.1.3', 'nonsense', 'If-Modified-Since: nonsense'),
  whole('13.1.3', 'not with If-None-Match', 'If-None-Match: "x"', `If-Modified-Since: ${AFTER}`),
  unchanged('13.1.3', 'only If-None-Match', 'If-None-Match: ETAG', `If-Modified-Since: ${BEFORE}`),
  whole('13.1.1', 'If-Match holds', 'If-Match: ETAG'),
  whole('13.1.1', 'If-Match any', 'If-Match: *'),
  whole('13.1.1', 'If-Match in a list', 'If-Match: "a", ETAG'),
  failed('13.1.1', 'If-Match of another', 'If-Match: "other"'),
  failed('13.1.1', 'If-Match is strong', 'If-Match: W/ETAG'),
  failed('13.1.1', 'If-Match that is no list', 'If-Match: other'),
  whole('13.1.4', 'If-Unmodified-Since holds', `If-Unmodified-Since: ${MODIFIED}`),
  failed('13.1.4', 'If-Unmodified-Since fails', `If-Unmodified-Since: ${BEFORE}`),
  whole('13.1.4', 'If-Unmodified-Since is no date', 'If-Unmodified-Since: nonsense'),
  whole('13.1.4', 'not with If-Match', 'If-Match: ETAG', `If-Unmodified-Since: ${BEFORE}`),
  failed('13.2.2', 'If-Match before If-None-Match', 'If-Match: "other"', 'If-None-Match: ETAG'),
  unchanged('13.2.2', 'conditions before ranges', 'If-None-Match: ETAG', 'Range: bytes=5-9'),
  unchanged('13.2.2', 'even one that cannot be had', 'If-None-Match: ETAG', 'Range: bytes=90-'),
  failed('13.2.2', 'If-Match before ranges', 'If-Match: "other"', 'Range: bytes=5-9'),
  {
    section: '13.2.1',
    what: 'conditions do not turn 404 into anything else',
    target: '/files/none',
    fields: ['If-None-Match: *', 'If-Match: "a"'],
    status: 404,
  },
];

export const METHODS: readonly Vector[] = [
  { ...whole('9.3.2', 'HEAD is GET without the body'), method: 'HEAD', text: '' },
  {
    section: '15.5.6',
    what: 'a method that is known, not here',
    method: 'PROPFIND',
    status: 405,
    headers: { allow: 'GET, HEAD, PUT, POST, PATCH, DELETE, MKCOL, OPTIONS' },
  },
  { section: '9.3.8', what: 'TRACE is not answered', method: 'TRACE', status: 405 },
  {
    section: '15.6.2',
    what: 'a method that nobody knows, which no cache may remember',
    method: 'FROBNICATE',
    status: 501,
    headers: { 'cache-control': 'no-store' },
  },
  {
    section: '15.5.16',
    what: 'a coding that is not taken',
    method: 'PUT',
    target: '/files/new',
    fields: ['Content-Encoding: gzip', 'Content-Length: 0'],
    status: 415,
    headers: { 'accept-encoding': 'identity' },
  },
  { section: '9.1', what: 'methods are in capitals', method: 'get', status: 501 },
  { section: '9.3.6', what: 'no proxy', method: 'CONNECT', target: 'x:80', status: 501 },
  { section: '9.3.7', what: 'OPTIONS of a file', method: 'OPTIONS', status: 204, text: '' },
  {
    section: '9.3.7',
    what: 'OPTIONS of all',
    method: 'OPTIONS',
    target: '*',
    status: 204,
    text: '',
  },
  {
    section: '10.1.1',
    what: 'an expectation that is not known',
    fields: ['Expect: 200-maybe'],
    status: 417,
    headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
  },
  { ...whole('9.3.1', 'a body of GET means nothing', 'Content-Length: 3'), body: 'abc' },
];

const path = (
  what: string,
  target: string,
  status: number,
  section = 'RFC 3986 6.2.2',
): Vector => ({
  section,
  what,
  target,
  status,
});

export const TARGETS: readonly Vector[] = [
  { ...whole('RFC 9112 3.2.2', 'absolute form'), target: 'http://elsewhere/files/f' },
  {
    ...whole('RFC 9112 3.2.2', 'absolute form with a port'),
    target: 'HTTP://elsewhere:8080/files/f',
  },
  { ...whole('RFC 3986 3.4', 'a query that means nothing'), target: '/files/f?x=/../y' },
  { ...whole('RFC 3986 6.2.2.2', 'an escape that need not be'), target: '/files/%66' },
  path('a parent', '/files/../f', 400),
  path('an escaped parent', '/files/%2e%2e/f', 400),
  path('a half escaped parent', '/files/.%2E/f', 400),
  path('an escaped slash', '/files/..%2f..%2fetc%2fpasswd', 400),
  path('an escaped backslash', '/files/..%5c..%5cetc', 400),
  path('a parent escaped twice is only a name', '/files/%252e%252e', 404),
  path('a dot', '/files/./f', 400),
  path('four dots is hidden', '/files/....//f', 400),
  path('an empty name', '/files//f', 400),
  path('NUL', '/files/f%00.txt', 400),
  path('a malformed escape', '/files/%zz', 400),
  path('half an escape', '/files/%', 400),
  path('no UTF-8', '/files/%ff', 400),
  path('UTF-8 that is too long', '/files/%c0%af', 400),
  path('a surrogate', '/files/%ed%a0%80', 400),
  path('a hidden name', '/files/.f', 404),
  path('a file is no directory', '/files/f/', 404),
  path('nothing below a file', '/files/f/x', 404),
  path('names are case-sensitive', '/files/F', 404),
  path('a name of 255 bytes that is not there', `/files/${'a'.repeat(255)}`, 404),
  path('a name of 256 bytes', `/files/${'a'.repeat(256)}`, 414, '15.5.15'),
  path('a name of 5,000 bytes', `/files/${'a'.repeat(5000)}`, 414, '15.5.15'),
  path('a target of 20,000 bytes', `/files/${'a'.repeat(20_000)}`, 414, '15.5.15'),
  path('a path of 5,000 bytes', `/files/${'a/'.repeat(2500)}`, 414, '15.5.15'),
  path('no slash', 'files/f', 400, 'RFC 9112 3.2.1'),
  path('absolute form without a host', 'http:///files/f', 400, '4.2.1'),
  path('absolute form of nothing', 'http://', 400, '4.2.1'),
  path('absolute form with a user', 'http://user:pw@h/files/f', 400, '4.2.4'),
  {
    ...path('no route, which no cache may remember', '/elsewhere', 404, 'RFC 9111 4.2.2'),
    headers: { 'cache-control': 'no-store' },
  },
];

const PUT = { method: 'PUT', target: '/files/new' } as const;

export const MESSAGES: readonly Vector[] = [
  {
    section: 'RFC 9112 3.2',
    what: 'no Host',
    hosts: [],
    status: 400,
    headers: { 'cache-control': 'no-store' },
  },
  { section: 'RFC 9112 3.2', what: 'two Hosts', hosts: ['Host: a', 'Host: b'], status: 400 },
  {
    section: 'RFC 9112 3.2',
    what: 'twice the same Host',
    hosts: ['Host: a', 'Host: a'],
    status: 400,
  },
  { section: 'RFC 9112 3.2', what: 'a Host that is none', hosts: ['Host: a b/c'], status: 400 },
  { ...whole('RFC 9112 3.2', 'an empty Host'), hosts: ['Host:'] },
  { ...whole('RFC 9112 3.2', 'an IPv6 Host'), hosts: ['Host: [::1]:80'] },
  { ...whole('2.5', 'HTTP/1.0'), version: 'HTTP/1.0', hosts: [] },
  { section: '15.6.6', what: 'HTTP/2.0 in text', version: 'HTTP/2.0', status: 505 },
  { section: '15.6.6', what: 'HTTP/3.1 in text', version: 'HTTP/3.1', status: 505 },
  // Departs: section 2.5 would have it answered as 1.1.
  { section: '2.5', what: 'a minor version to come', version: 'HTTP/1.2', status: 505 },
  { section: 'RFC 9112 2.3', what: 'a version in small letters', version: 'http/1.1', status: 400 },
  { section: 'RFC 9112 5.1', what: 'a space before the colon', fields: ['X : a'], status: 400 },
  { section: 'RFC 9112 5.2', what: 'a folded line', fields: ['X: a', ' b'], status: 400 },
  { section: 'RFC 9112 5.1', what: 'no name', fields: [': a'], status: 400 },
  { section: '5.1', what: 'a name that is no token', fields: ['X(y): a'], status: 400 },
  { section: '5.5', what: 'NUL in a value', fields: ['X: a\0b'], status: 400 },
  { section: '5.5', what: 'a bare CR', fields: ['X: a\rY: b'], status: 400 },
  { section: 'RFC 9112 2.2', what: 'a bare LF', fields: ['X: a\nY: b'], status: 400 },
  {
    section: 'RFC 6585 5',
    what: 'too many fields',
    fields: [`X: ${'a'.repeat(20_000)}`],
    status: 431,
  },
  {
    ...PUT,
    section: 'RFC 9112 6.1',
    what: 'a length and chunks',
    fields: ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    body: '0\r\n\r\n',
    status: 400,
  },
  {
    ...PUT,
    section: 'RFC 9112 6.3',
    what: 'two lengths',
    fields: ['Content-Length: 3', 'Content-Length: 4'],
    body: 'abcd',
    status: 400,
  },
  {
    ...PUT,
    section: 'RFC 9112 6.3',
    what: 'a list of lengths',
    fields: ['Content-Length: 3, 3'],
    body: 'abc',
    status: 400,
  },
  {
    ...PUT,
    section: '8.6',
    what: 'a length with a sign',
    fields: ['Content-Length: +3'],
    body: 'abc',
    status: 400,
  },
  {
    ...PUT,
    section: 'RFC 9112 6.1',
    what: 'a coding besides chunked',
    fields: ['Transfer-Encoding: gzip, chunked'],
    body: '0\r\n\r\n',
    status: 501,
  },
  {
    ...PUT,
    section: 'RFC 9112 6.3',
    what: 'chunked is not the last',
    fields: ['Transfer-Encoding: chunked, gzip'],
    body: '0\r\n\r\n',
    status: 400,
  },
  {
    ...PUT,
    section: 'RFC 9112 6.1',
    what: 'chunks in HTTP/1.0',
    version: 'HTTP/1.0',
    fields: ['Transfer-Encoding: chunked'],
    body: '0\r\n\r\n',
    status: 400,
  },
  {
    ...PUT,
    section: 'RFC 9112 7.1',
    what: 'a chunk without a size',
    fields: ['Transfer-Encoding: chunked'],
    body: 'zz\r\nabc\r\n0\r\n\r\n',
    status: 400,
  },
];
