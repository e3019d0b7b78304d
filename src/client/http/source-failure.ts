// Why a mirror could not deliver. Such a fact about a remote makes the client try another mirror;
// an error of this side (disk, options) does not. Text that a remote wrote never becomes part of a
// reason.
import { STATUS_CODES } from 'node:http';
import { parseHttpDate } from '../../api/http-date.ts';
import type { ProxyError } from '../../api/proxy-status.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Upstream } from '../../runtime/refusal.ts';

export class SourceFailure extends HubswarmError {
  /** True when asking this mirror again is of no use. */
  readonly final: boolean;
  /** The HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;
  /** The wait that its Retry-After asked for. */
  readonly retryAfterMs: number | undefined;
  /** Whether the remote has too much to do: fewer connections may help. */
  readonly busy: boolean;
  /** Whether it gave no part of the file, or another part: it may still give the whole. */
  readonly unranged: boolean;
  /** Nobody has its name, and it never answered: asking again is of no use to one transfer. */
  readonly nameless: boolean;
  /** It has a certificate that was refused. */
  readonly distrusted: boolean;
  /** The connection was ended from the other side. */
  readonly cut: boolean;
  /** What happened, for who is told of it at second hand; undefined if an answer came. */
  readonly error: ProxyError | undefined;
  /** What its own servers told of the reason. */
  readonly upstreams: readonly Upstream[];

  constructor(
    reason: string,
    options: {
      final?: boolean;
      busy?: boolean;
      unranged?: boolean;
      nameless?: boolean;
      distrusted?: boolean;
      cut?: boolean;
      error?: ProxyError | undefined;
      upstreams?: readonly Upstream[];
      status?: number | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super('ERR_REMOTE', reason, { cause: options.cause });
    this.final = options.final ?? false;
    this.busy = options.busy ?? false;
    this.unranged = options.unranged ?? false;
    this.nameless = options.nameless ?? false;
    this.distrusted = options.distrusted ?? false;
    this.cut = options.cut ?? false;
    this.error = options.error;
    this.upstreams = options.upstreams ?? [];
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * A failure on the way through a proxy, which may be the proxy's own.
 *
 * @param detour what the user is to know of the proxy; undefined without one
 */
export function onItsWay<E>(error: E, detour: string | undefined): E | SourceFailure {
  if (!(error instanceof SourceFailure) || detour === undefined) return error;
  return withReason(error, `${error.message}; ${detour}`);
}

/** The same failure, in other words. */
const withReason = (error: SourceFailure, reason: string): SourceFailure =>
  new SourceFailure(reason, { ...error, cause: error.cause });

const CONNECTION: Record<string, readonly [string, ProxyError]> = {
  ECONNREFUSED: ['connection refused', 'connection_refused'],
  ECONNRESET: ['connection reset', 'connection_terminated'],
  EPIPE: ['connection closed', 'connection_terminated'],
  ENOTFOUND: ['host not found', 'dns_error'],
  EAI_AGAIN: ['host name could not be looked up', 'dns_timeout'],
  EHOSTUNREACH: ['host unreachable', 'destination_ip_unroutable'],
  ENETUNREACH: ['network unreachable', 'destination_ip_unroutable'],
  ETIMEDOUT: ['connection timed out', 'connection_timeout'],
  EMFILE: ['too many open files in this process (ulimit -n)', 'proxy_internal_error'],
  ENFILE: ['too many open files on this machine', 'proxy_internal_error'],
  EADDRNOTAVAIL: ['no port or address of this machine is left for it', 'proxy_internal_error'],
  EACCES: ['this machine does not permit it (a firewall)', 'proxy_internal_error'],
  EPERM: ['this machine does not permit it (a firewall)', 'proxy_internal_error'],
};
const CUT = new Set(['ECONNRESET', 'EPIPE']);

export const closedEarly = (): SourceFailure =>
  new SourceFailure('connection closed before the end', {
    cut: true,
    error: 'http_response_incomplete',
  });

/** The failure of a socket. A refused certificate is final; other errors may pass. */
export function connectionFailure(cause: unknown): SourceFailure {
  if (cause instanceof SourceFailure) return cause;
  const code = (cause as { code?: unknown } | undefined)?.code;
  const known = typeof code === 'string' ? CONNECTION[code] : undefined;
  if (known) {
    const [reason, error] = known;
    return new SourceFailure(reason, { cause, cut: CUT.has(String(code)), error });
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    const error = 'tls_protocol_error';
    return new SourceFailure('speaks no TLS there; give http://', { final: true, cause, error });
  }
  const name = typeof code === 'string' ? code : 'unknown error';
  const final = /CERT|SIGNATURE|ISSUER/.test(name);
  const error = final ? 'tls_certificate_error' : 'connection_terminated';
  return new SourceFailure(`connection failed (${name})`, { final, cause, error });
}

/**
 * The failure of a request to a server that never answered. A name that nobody has is a wrong URL then:
 * that of a server which answered before may come back, as that of a container which restarts. Many
 * servers of TLS cut plain HTTP.
 */
export function unanswered(failure: SourceFailure, url: URL): SourceFailure {
  if (failure.error === 'dns_error') {
    const { message, cause } = failure;
    return new SourceFailure(message, { ...failure, nameless: true, cause });
  }
  if (url.protocol !== 'http:' || !failure.cut) return failure;
  return withReason(failure, `${failure.message}; if it speaks TLS, give https://`);
}

/** The reason for a 400 that ends the connection: servers of TLS answer plain HTTP so. */
export function hintOfTls(
  { protocol }: URL,
  { status, headers }: { status: number; headers: ReadonlyMap<string, string> },
): string | undefined {
  const mayBe = protocol === 'http:' && status === 400 && headers.get('connection') === 'close';
  return mayBe ? 'if it speaks TLS, give https://' : undefined;
}

/** These and 5xx may pass (RFC 9110 section 15, RFC 8470, RFC 6585). */
const TRANSIENT = new Set([408, 425, 429]);
const BUSY = new Set([429, 503]);
/** Longest wait. Chosen: a server that asks for more is as good as gone. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;

const HINTS: Readonly<Record<number, string>> = {
  401: 'it may want a token',
  407: "the proxy wants a login: give it in the proxy's URL",
};

/**
 * The failure for a status that does not deliver the file.
 *
 * @param hint what this side knows of the reason
 */
export function statusFailure(
  status: number,
  retryAfter: string | undefined,
  hint = HINTS[status],
  upstreams: readonly Upstream[] = [],
): SourceFailure {
  const phrase = STATUS_CODES[status];
  const reason = phrase ? `${status} ${phrase}` : `status ${status}`;
  return new SourceFailure(hint === undefined ? reason : `${reason}: ${hint}`, {
    final: status < 500 && !TRANSIENT.has(status),
    busy: BUSY.has(status),
    unranged: status === 416,
    status,
    upstreams,
    retryAfterMs: parseRetryAfter(retryAfter, Date.now()),
  });
}

/** RFC 9110 section 10.2.3: seconds, or an HTTP date; cut to ten minutes. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : msUntil(value, nowMs);
  return ms === undefined ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}

function msUntil(date: string, nowMs: number): number | undefined {
  const at = parseHttpDate(date, nowMs);
  return at === undefined ? undefined : at - nowMs;
}

/** The failure of a server that an error of a transfer tells, if it tells one. */
function sourceFailureOf(error: unknown): SourceFailure | undefined {
  if (error instanceof SourceFailure) return error;
  const cause = error instanceof HubswarmError ? error.cause : undefined;
  return cause instanceof SourceFailure ? cause : undefined;
}

/** The HTTP status that refused; undefined if none did. */
export const statusOf = (error: unknown): number | undefined => sourceFailureOf(error)?.status;

/** The wait that the server asked for. */
export const retryAfterOf = (error: unknown): number | undefined =>
  sourceFailureOf(error)?.retryAfterMs;

/** Whether a server gave no answer that decides anything. */
export function isUnanswered(error: unknown): boolean {
  const failure = sourceFailureOf(error);
  return failure !== undefined && failure.status === undefined && !failure.final;
}
