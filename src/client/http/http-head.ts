// Parses the head of an HTTP/1.1 response (RFC 9112 sections 4 to 6) strictly: a head that two
// readers could understand differently is a violation. Returns data or a violation's text; never
// throws. Knows no socket.

/** The longest head in bytes, as in Node.js and most servers. */
export const MAX_HEAD_BYTES = 16 * 1024;
/** Most interim responses. Chosen: servers send one or two before the final one. */
export const MAX_INTERIM = 16;
/** Chosen: several times what servers send. */
const MAX_FIELDS = 128;

export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; repeated fields joined with ', ' (RFC 9110 section 5.3). */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether another request may follow on the connection. */
  readonly persistent: boolean;
}

export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** The body ends with the connection; nobody can tell whether it is complete. */
  | { readonly kind: 'close' };

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/**
 * White space round the value counts as part of it here, so that no two parts of the pattern match
 * the same text.
 */
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;

/** @param bytes the head without the empty line at its end */
export function parseResponseHead(bytes: Buffer): ResponseHead | string {
  const [first = '', ...lines] = bytes.toString('latin1').split('\r\n');
  const status = STATUS_LINE.exec(first);
  if (!status) return 'did not answer in HTTP/1.1';
  if (lines.length > MAX_FIELDS) return `sent more than ${MAX_FIELDS} header fields`;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = FIELD.exec(line);
    if (!field) return 'sent a malformed header field';
    const name = field[1]!.toLowerCase();
    const value = field[2]!.trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const connection = (headers.get('connection') ?? '').toLowerCase();
  return {
    status: Number(status[2]),
    headers,
    persistent: status[1] === '1' && !/\bclose\b/.test(connection),
  };
}

/** How long the body is (RFC 9112 section 6.3). */
export function bodyFraming(method: string, head: ResponseHead): BodyFraming | string {
  const coding = head.headers.get('transfer-encoding');
  const length = head.headers.get('content-length');
  if (coding !== undefined && length !== undefined) {
    return 'sent both Content-Length and Transfer-Encoding';
  }
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return 'used a transfer coding other than chunked';
  }
  if (
    length !== undefined &&
    !(/^\d{1,16}$/.test(length) && Number.isSafeInteger(Number(length)))
  ) {
    return 'sent a malformed Content-Length';
  }
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return { kind: 'none' };
  if (coding !== undefined) return { kind: 'chunked' };
  return length === undefined ? { kind: 'close' } : { kind: 'length', bytes: Number(length) };
}

/** Content-Range (RFC 9110 section 14.4); `end` is exclusive, `total` absent for '*'. */
export function parseContentRange(
  value: string | undefined,
): { first: number; end: number; total: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value ?? '');
  if (!match) return undefined;
  const first = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return end > first && (total === undefined || end <= total) ? { first, end, total } : undefined;
}
