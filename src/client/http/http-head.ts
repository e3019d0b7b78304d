// Reads the head of an HTTP/1.1 response (RFC 9112 sections 2 to 6), as tolerantly as curl: folded
// fields, lines that end in LF alone, lines that are no field, control characters (a space then).
// How long the body is must be clear, else the head is a violation. Returns data or a violation's
// text; never throws. Knows no socket.

/** The longest head in bytes, with the interim ones before it: as curl takes it. */
export const MAX_HEAD_BYTES = 300 * 1024;
/** Most interim responses. Chosen: a server that works for minutes sends one every few seconds. */
export const MAX_INTERIM = 128;
/** Most lines: as curl takes it. */
const MAX_FIELDS = 5000;
/** A longer value is left out: but for Location, no field that is read is so long. Chosen. */
const MAX_VALUE_CHARACTERS = 16 * 1024;
/** Chosen: as many as browsers keep of one site. */
const MAX_COOKIES = 180;

export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; repeated fields joined with ', ' (RFC 9110 section 5.3), but for `ONCE`. */
  readonly headers: ReadonlyMap<string, string>;
  /** Each Set-Cookie by itself (RFC 6265 section 3). */
  readonly cookies: readonly string[];
  /** Whether another request may follow on the connection. */
  readonly persistent: boolean;
}

export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** The body ends with the connection; nobody can tell whether it is complete. */
  | { readonly kind: 'close' };

const LF = 0x0a;
const CR = 0x0d;

/** Cuts heads off what a socket brings. It looks at each byte once, and copies it twice at most. */
export class HeadReader {
  #held = Buffer.alloc(0);
  #length = 0;
  /** No head ends before it. */
  #from = 0;
  #left = MAX_HEAD_BYTES;

  /**
   * Returns the next head, with its empty line, and what follows it; undefined if more is needed.
   * The views are valid as long as `bytes`.
   */
  take(bytes: Buffer): { head: Buffer; rest: Buffer } | 'too long' | undefined {
    const before = this.#length;
    const all = before === 0 ? bytes : this.#hold(bytes);
    const end = headEnd(all, this.#from);
    if ((end ?? all.length) > this.#left) return 'too long';
    if (end === undefined) {
      if (before === 0) this.#hold(bytes);
      // The last two bytes may begin the end.
      this.#from = Math.max(0, this.#length - 2);
      return undefined;
    }
    this.#left -= end;
    this.#length = 0;
    this.#from = 0;
    return { head: all.subarray(0, end), rest: bytes.subarray(end - before) };
  }

  #hold(bytes: Buffer): Buffer {
    const length = this.#length + bytes.length;
    if (length > this.#held.length) {
      const grown = Buffer.alloc(2 * length);
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#length);
    this.#length = length;
    return this.#held.subarray(0, length);
  }
}

/** Index after the first empty line. */
function headEnd(bytes: Buffer, from: number): number | undefined {
  for (let lf = bytes.indexOf(LF, from); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf + 1] === LF) return lf + 2;
    if (bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3;
  }
  return undefined;
}

/**
 * As curl, wget and aria2 take it: in any case, with odd white space and any version. The head is
 * HTTP/1.1 all the same.
 */
const STATUS_LINE = /^HTTP\/(\d{1,2}(?:\.\d{1,2})?)[ \t]+([1-9]\d\d)(?:\D.*)?$/i;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const CONTROLS = /[^\t\x20-\x7e\x80-\xff]/g;
/** The first one counts: a list of them has no meaning, and Node.js and curl read them so. */
const ONCE = new Set([
  'content-disposition',
  'content-range',
  'content-type',
  'date',
  'etag',
  'last-modified',
  'location',
  'retry-after',
]);

export function parseResponseHead(bytes: Buffer): ResponseHead | string {
  const [first = '', ...lines] = bytes.toString('latin1').split(/\r?\n/);
  const status = STATUS_LINE.exec(first.replace(CONTROLS, ' '));
  if (!status) return 'did not answer in HTTP/1.1';
  // RFC 9110 section 5.5, RFC 9112 section 2.2: neither can be what a server means.
  if (bytes.includes(0)) return 'sent a null byte in its header';
  if (isBlank(lines[0]?.[0])) return 'sent white space before its first header field';
  // Lines that end in LF CR: the first byte of the body would be a guess.
  if (lines.some((line) => line.startsWith('\r'))) return 'sent a line that begins with CR';
  if (lines.length > MAX_FIELDS) return `sent more than ${MAX_FIELDS} header fields`;
  const headers = new Map<string, string>();
  const cookies: string[] = [];
  for (const { name, value } of fieldsOf(lines)) {
    if (name === 'set-cookie') {
      if (cookies.length < MAX_COOKIES) cookies.push(value);
      continue;
    }
    const before = headers.get(name);
    if (before !== undefined && ONCE.has(name)) continue;
    const joined = before === undefined ? value : `${before}, ${value}`;
    if (joined.length <= MAX_VALUE_CHARACTERS || name === 'location') headers.set(name, joined);
  }
  const connection = (headers.get('connection') ?? '').toLowerCase();
  // The coding counts, and nobody can tell what stands after it (RFC 9112 section 6.3).
  const isTwofold = codingsOf(headers).length > 0 && headers.delete('content-length');
  return {
    status: Number(status[2]),
    headers,
    cookies,
    persistent: /^1\.[1-9]$/.test(status[1]!) && !/\bclose\b/.test(connection) && !isTwofold,
  };
}

function* fieldsOf(lines: readonly string[]): Generator<{ name: string; value: string }> {
  let at = 0;
  while (at < lines.length) {
    const parts = [lines[at++]!];
    // RFC 9112 section 5.2: a line that begins with white space goes on with the value before.
    while (isBlank(lines[at]?.[0])) parts.push(lines[at++]!);
    const line = parts.join(' ').replace(CONTROLS, ' ');
    const colon = line.indexOf(':');
    const name = strip(line.slice(0, Math.max(0, colon)));
    if (NAME.test(name)) yield { name: name.toLowerCase(), value: strip(line.slice(colon + 1)) };
  }
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t';

/** White space as HTTP has it: trim() would take bytes of UTF-8 as well. */
function strip(text: string): string {
  let end = text.length;
  while (isBlank(text[end - 1])) end--;
  let start = 0;
  while (start < end && isBlank(text[start])) start++;
  return text.slice(start, end);
}

/** How long the body is (RFC 9112 section 6.3). */
export function bodyFraming(method: string, head: ResponseHead): BodyFraming | string {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return { kind: 'none' };
  const codings = codingsOf(head.headers);
  const isChunked = codings.at(-1) === 'chunked';
  const others = codings.slice(0, isChunked ? -1 : undefined);
  if (others.length > 1 || others.some((each) => !ZIPPED.has(each)))
    return 'used a transfer coding that is not known';
  if (isChunked) return { kind: 'chunked' };
  const length = head.headers.get('content-length');
  // As curl takes it, a length beyond counting is none.
  if (length === undefined || /^\+?0*[1-9]\d{16,}$/.test(length)) return { kind: 'close' };
  const bytes = parseContentLength(length);
  return bytes === undefined ? 'sent a malformed Content-Length' : { kind: 'length', bytes };
}

const ZIPPED = new Set(['gzip', 'x-gzip', 'deflate']);

/** Whether the body is coded for the transfer, beside chunks: the file's bytes are below that. */
export const isZipped = ({ headers }: Pick<ResponseHead, 'headers'>): boolean =>
  codingsOf(headers).some((each) => each !== 'chunked');

/** Transfer codings; chunks are named once, as curl takes them. */
function codingsOf(headers: ReadonlyMap<string, string>): string[] {
  const named = listOf(headers.get('transfer-encoding')?.toLowerCase());
  return named.filter(
    (each, i) => !NO_CODING.has(each) && !(each === 'chunked' && named[i + 1] === 'chunked'),
  );
}

const NO_CODING = new Set(['identity', 'none']);
/**
 * What may stand round a number without altering it. Not 'KB', 'e3' or more digits: a file would be
 * taken as whole after its first bytes.
 */
const AROUND_LENGTH =
  /^\+?0*(\d+)(?:\.0*)?[ \t]*(?:(?:bytes?|octets?)|\((?:bytes?|octets?)\)|;.*)?$/i;

/** A length may be named several times, as long as it is the same (RFC 9110 section 8.6). */
export function parseContentLength(value: string | undefined): number | undefined {
  const [length, ...more] = new Set(
    listOf(value).map((each) => AROUND_LENGTH.exec(each)?.[1] ?? each),
  );
  if (length === undefined || more.length > 0 || !/^\d{1,16}$/.test(length)) return undefined;
  return Number.isSafeInteger(Number(length)) ? Number(length) : undefined;
}

const listOf = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map(strip)
    .filter((each) => each !== '');

/** As curl, wget and aria2 read it: white space, and what stands between the unit and the numbers. */
const CONTENT_RANGE =
  /^(?:bytes)?[ \t:=]*(\d{1,15})[ \t]*-[ \t]*(\d{1,15})[ \t]*\/[ \t]*(\d{1,15}|\*)$/i;

/** Content-Range (RFC 9110 section 14.4); `end` is exclusive, `total` absent for '*'. */
export function parseContentRange(
  value: string | undefined,
): { first: number; end: number; total: number | undefined } | undefined {
  const match = CONTENT_RANGE.exec(value ?? '');
  if (!match) return undefined;
  const first = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return end > first && (total === undefined || end <= total) ? { first, end, total } : undefined;
}
