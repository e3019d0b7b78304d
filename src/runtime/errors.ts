// The one base error. Callers match on `code`, never on the message or the
// class: codes are stable, messages are for people. A remote that misbehaves is
// not an error but data (see exchange/); a programmer's mistake is an
// invariant, not a HubswarmError.

export type ErrorCode =
  /** The command line, an option's value or an argument is malformed. Exit 2. */
  | 'ERR_USAGE'
  /** A path does not exist, or vanished while it was used. */
  | 'ERR_NOT_FOUND'
  /** A file or directory may not be read or written. */
  | 'ERR_NOT_PERMITTED'
  /** The target exists and may not be replaced. */
  | 'ERR_EXISTS'
  /** A file is no longer the version that was imported, hashed or begun. */
  | 'ERR_SOURCE_CHANGED'
  /** No room left on the device. */
  | 'ERR_DISK_FULL'
  /** The files below a root would take more room than its quota. */
  | 'ERR_QUOTA'
  /** More bytes than a limit on one file allows. */
  | 'ERR_TOO_LARGE'
  /** A request makes no sense as it is written. */
  | 'ERR_MALFORMED'
  /** A name or a path is longer than a file system takes. */
  | 'ERR_NAME_TOO_LONG'
  /** What has the name does not go together with what is wanted of it. */
  | 'ERR_CONFLICT'
  /** A condition that the change was bound to does not hold. */
  | 'ERR_PRECONDITION'
  /** It was kept for a while, and that is over. */
  | 'ERR_EXPIRED'
  /** Somebody else changes it at the moment. */
  | 'ERR_LOCKED'
  /** More at once, or waiting, than this process takes. */
  | 'ERR_BUSY'
  /** A caller asks more often than it may. */
  | 'ERR_RATE'
  /** A token is needed, and none came. */
  | 'ERR_TOKEN_MISSING'
  /** A token is malformed, over, not valid yet, or taken back. */
  | 'ERR_TOKEN_INVALID'
  /** A token was not signed by the key that it was held against. */
  | 'ERR_TOKEN_KEY'
  /** A token allows less than was asked for. */
  | 'ERR_SCOPE'
  /** The port or address is taken, or not one of this machine's. */
  | 'ERR_LISTEN'
  /** Bytes do not match the CID that was asked for. */
  | 'ERR_HASH_MISMATCH'
  /** A DAG is malformed, too large, or of a kind not handled. */
  | 'ERR_MANIFEST'
  /** No mirror, peer or origin could deliver (what is left of) the file. */
  | 'ERR_NO_SOURCE'
  /** Only what is cached was asked for, and it is not. */
  | 'ERR_NOT_CACHED'
  /** Caches ask one another in a circle. */
  | 'ERR_CIRCLE'
  /** A remote answered, and refused or made no sense. */
  | 'ERR_REMOTE'
  /** A mirrored directory is not as its source; which paths differ has been said. */
  | 'ERR_INCOMPLETE'
  /** A limit on time passed. Exit 124. */
  | 'ERR_TIMEOUT'
  /** Stopped by a signal or the caller's AbortSignal. */
  | 'ERR_ABORTED'
  /** A measurement could not be made or cannot be trusted. */
  | 'ERR_MEASUREMENT';

export class HubswarmError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'HubswarmError';
    this.code = code;
  }
}

/** True for a HubswarmError of that code, whichever bundle chunk made it. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC` ...), if it is one. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

const BY_SYSTEM_CODE: Record<string, [ErrorCode, string]> = {
  ENOENT: ['ERR_NOT_FOUND', 'no such file or directory'],
  ENOTDIR: ['ERR_NOT_FOUND', 'not a directory'],
  EISDIR: ['ERR_EXISTS', 'is a directory'],
  EACCES: ['ERR_NOT_PERMITTED', 'permission denied'],
  EPERM: ['ERR_NOT_PERMITTED', 'operation not permitted'],
  EROFS: ['ERR_NOT_PERMITTED', 'read-only file system'],
  EEXIST: ['ERR_EXISTS', 'already exists'],
  ENOTEMPTY: ['ERR_EXISTS', 'directory is not empty'],
  ENOSPC: ['ERR_DISK_FULL', 'no space left on the device'],
  EDQUOT: ['ERR_DISK_FULL', 'disk quota exceeded'],
  EFBIG: ['ERR_DISK_FULL', 'too large for this file system'],
  ELOOP: ['ERR_NOT_PERMITTED', 'a symbolic link is in its place'],
  ENAMETOOLONG: ['ERR_NOT_PERMITTED', 'name too long'],
  EMFILE: ['ERR_BUSY', 'too many open files in this process (ulimit -n)'],
  ENFILE: ['ERR_BUSY', 'too many open files on this machine'],
  ENOMEM: ['ERR_BUSY', 'not enough memory'],
  EBUSY: ['ERR_LOCKED', 'in use by the system or another program'],
  ETXTBSY: ['ERR_LOCKED', 'a program that is running'],
};
/** Failures of a file that no caller decides by. */
const IN_WORDS: Record<string, string> = {
  EIO: 'the disk, or what leads to it, failed',
  EINVAL: 'not possible with this file or file system',
  ENXIO: 'a device, a socket or a pipe that nobody reads',
  ENODEV: 'a device that is not there',
  EXDEV: 'on another file system',
  EMLINK: 'too many links',
  ENOTSUP: 'not possible on this file system',
  EOPNOTSUPP: 'not possible on this file system',
  ESTALE: 'the file server lost it',
  EOVERFLOW: 'too large for this system',
};

/** A write that took only a part, as the last one before a limit does. */
export const notWhole = (path: string): HubswarmError =>
  new HubswarmError('ERR_DISK_FULL', `${path}: no space left on the device, or for one file`);

/** A file-system error as one clear line; other errors come back as they are. */
export function fileError(error: unknown, path: string): unknown {
  const known = BY_SYSTEM_CODE[systemCode(error) ?? ''];
  return known ? new HubswarmError(known[0], `${path}: ${known[1]}`, { cause: error }) : error;
}

/** The same failure in other words, such as with the option that gave a path, or that helps. */
export function reworded(error: unknown, words: (message: string) => string): unknown {
  if (!(error instanceof HubswarmError)) return error;
  return new HubswarmError(error.code, words(error.message), { cause: error });
}

/** One line for a person. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) {
    return describeError(error.errors[0]);
  }
  return wordsFor(error) ?? (error.message || error.name);
}

/** What the system says of a file, for a person; undefined for other errors. */
function wordsFor(error: Error): string | undefined {
  const { path, syscall } = error as { path?: unknown; syscall?: unknown };
  const code = systemCode(error) ?? '';
  if (syscall === 'uv_cwd' && code === 'ENOENT') return 'the current directory was removed';
  const words = BY_SYSTEM_CODE[code]?.[1] ?? IN_WORDS[code];
  // Node.js names a call in these errors: of a socket the address says more.
  if (words === undefined || typeof syscall !== 'string' || OF_SOCKETS.has(syscall))
    return undefined;
  // A descriptor's path is our own.
  const isNamed = typeof path === 'string' && !path.startsWith('/proc/self/fd/');
  return isNamed ? `${path}: ${words}` : words;
}

const OF_SOCKETS = new Set(['accept', 'bind', 'connect', 'listen', 'send']);
