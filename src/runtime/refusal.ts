// An error that may be told to whoever asked: its text names no path of this machine. Each
// face of a hub translates the code to its own terms (HTTP: server/message/to-http.ts); an
// error that is no Refusal is the hub's own failure there, and its text stays in the log.
import { type ErrorCode, HubswarmError, systemCode } from './errors.ts';

export type RefusalCode = Extract<
  ErrorCode,
  | 'ERR_BUSY'
  | 'ERR_CIRCLE'
  | 'ERR_CONFLICT'
  | 'ERR_DISK_FULL'
  | 'ERR_EXPIRED'
  | 'ERR_LOCKED'
  | 'ERR_MALFORMED'
  | 'ERR_NAME_TOO_LONG'
  | 'ERR_NO_SOURCE'
  | 'ERR_NOT_CACHED'
  | 'ERR_NOT_FOUND'
  | 'ERR_NOT_PERMITTED'
  | 'ERR_PRECONDITION'
  | 'ERR_QUOTA'
  | 'ERR_RATE'
  | 'ERR_SCOPE'
  | 'ERR_SOURCE_CHANGED'
  | 'ERR_TOKEN_INVALID'
  | 'ERR_TOKEN_KEY'
  | 'ERR_TOKEN_MISSING'
  | 'ERR_TOO_LARGE'
>;

/** Codes of reasons that lie in the state of this machine: the same request may do later. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'ERR_BUSY',
  'ERR_DISK_FULL',
  'ERR_LOCKED',
  'ERR_NO_SOURCE',
  'ERR_QUOTA',
  'ERR_RATE',
  'ERR_SOURCE_CHANGED',
]);

/** What happened between a server and the one that it asked, in terms of RFC 9209. */
export interface Upstream {
  /** A token of its registry. */
  readonly error?: string | undefined;
  /** The status that the other answered with. */
  readonly status?: number | undefined;
}

export class Refusal extends HubswarmError {
  declare readonly code: RefusalCode;
  /** How long to wait before another try, in milliseconds, when that is known. */
  readonly retryAfterMs: number | undefined;
  /** What lies behind it at servers that were asked, the nearest to the origin first. */
  readonly upstreams: readonly Upstream[];

  constructor(
    code: RefusalCode,
    message: string,
    options: {
      readonly retryAfterMs?: number;
      readonly upstreams?: readonly Upstream[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, options);
    this.name = 'Refusal';
    this.retryAfterMs = options.retryAfterMs;
    this.upstreams = options.upstreams ?? [];
  }

  /** The same request may do later. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}

/** The version is gone while it was read or hashed: the next request finds the new one. */
export function fileChanging(): Refusal {
  const message = 'the file is being changed; try again';
  return new Refusal('ERR_SOURCE_CHANGED', message, { retryAfterMs: 1000 });
}

const BY_SYSTEM_CODE: Readonly<Record<string, readonly [RefusalCode, string]>> = {
  ENOENT: ['ERR_NOT_FOUND', 'no such file or directory'],
  ENOTDIR: ['ERR_NOT_FOUND', 'no such file or directory'],
  ELOOP: ['ERR_NOT_FOUND', 'no such file or directory'],
  EACCES: ['ERR_NOT_PERMITTED', 'this server may not access it'],
  EPERM: ['ERR_NOT_PERMITTED', 'this server may not access it'],
  EROFS: ['ERR_NOT_PERMITTED', 'the file system is read-only'],
  // open() says so of a socket, and of a device without a driver.
  ENXIO: ['ERR_NOT_PERMITTED', 'not a regular file'],
  ENODEV: ['ERR_NOT_PERMITTED', 'not a regular file'],
  EISDIR: ['ERR_CONFLICT', 'a directory has this name'],
  EEXIST: ['ERR_CONFLICT', 'something else has this name'],
  ENAMETOOLONG: ['ERR_NAME_TOO_LONG', 'a name is too long for the file system'],
  EFBIG: ['ERR_TOO_LARGE', 'too large for the file system'],
  ENOSPC: ['ERR_DISK_FULL', 'no space left on the device'],
  EDQUOT: ['ERR_DISK_FULL', 'disk quota exceeded'],
  EMFILE: ['ERR_BUSY', 'too many open files; try again'],
  ENFILE: ['ERR_BUSY', 'too many open files; try again'],
};

/** A file-system error as what it means to whoever asked; other errors come back as they are. */
export function fileRefusal(error: unknown): unknown {
  const known = BY_SYSTEM_CODE[systemCode(error) ?? ''];
  if (!known) return error;
  const [code, message] = known;
  const retryAfterMs = code === 'ERR_BUSY' ? 1000 : undefined;
  return new Refusal(code, message, { retryAfterMs, cause: error });
}
