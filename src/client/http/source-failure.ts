// Why a mirror could not deliver: a fact about a remote, kept apart from errors
// of this side (disk, options), so that only the former make the client turn to
// another mirror. Text that a remote wrote never becomes part of a reason.
import { STATUS_CODES } from 'node:http';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';

export class SourceFailure extends HubswarmError {
  /** True when asking this mirror again is of no use. */
  readonly final: boolean;
  /** Of the answer, when there was one. */
  readonly status: number | undefined;
  /** What its Retry-After asked for. */
  readonly retryAfterMs: number | undefined;
  /** It has too much to do: fewer connections may help. */
  readonly busy: boolean;
  /** It gives no part of the file, or another one than was asked for: the whole may be had. */
  readonly unranged: boolean;

  constructor(
    reason: string,
    options: {
      final?: boolean;
      busy?: boolean;
      unranged?: boolean;
      status?: number;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super('ERR_REMOTE', reason, { cause: options.cause });
    this.final = options.final ?? false;
    this.busy = options.busy ?? false;
    this.unranged = options.unranged ?? false;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const CONNECTION: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection timed out',
};

/** A socket's error; certificates are refused for good, the rest may pass. */
export function connectionFailure(cause: unknown): SourceFailure {
  if (cause instanceof SourceFailure) return cause;
  const known = CONNECTION[systemCode(cause) ?? ''];
  if (known) return new SourceFailure(known, { cause });
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return new SourceFailure('speaks no TLS there; give http://', { final: true, cause });
  }
  const name = typeof code === 'string' ? code : 'unknown error';
  const final = /CERT|SIGNATURE|ISSUER/.test(name);
  return new SourceFailure(`connection failed (${name})`, { final, cause });
}

/** 408, 425, 429 and 5xx may pass (RFC 9110 section 15, RFC 8470, RFC 6585). */
const TRANSIENT = new Set([408, 425, 429]);
const BUSY = new Set([429, 503]);
/** Chosen: whoever asks for more time than this is as good as gone. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;

/**
 * A status that does not deliver what was asked for.
 *
 * @param hint what this side knows of the reason
 */
export function statusFailure(
  status: number,
  retryAfter: string | undefined,
  hint: string | undefined = status === 401 ? 'it may want a --token' : undefined,
): SourceFailure {
  const phrase = STATUS_CODES[status];
  const reason = phrase ? `${status} ${phrase}` : `status ${status}`;
  return new SourceFailure(hint === undefined ? reason : `${reason}: ${hint}`, {
    final: status < 500 && !TRANSIENT.has(status),
    busy: BUSY.has(status),
    unranged: status === 416,
    status,
    retryAfterMs: parseRetryAfter(retryAfter, Date.now()),
  });
}

/** RFC 9110 section 10.2.3: seconds, or an HTTP date; cut to ten minutes. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,15}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}
