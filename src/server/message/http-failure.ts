// A request that cannot be answered as asked: a status and one line for whoever
// sent it. Thrown by the routes, answered in one place (exchange.ts). Text never
// holds a path of this machine.
import { systemCode } from '../../runtime/errors.ts';

/** Several values are sent as several headers of the name. */
type FailureHeaders = Readonly<Record<string, string | readonly string[]>>;

export class HttpFailure extends Error {
  readonly status: number;
  readonly headers: FailureHeaders;

  constructor(status: number, message: string, headers: FailureHeaders = {}) {
    super(message);
    this.name = 'HttpFailure';
    this.status = status;
    this.headers = headers;
  }
}

/** A version that is gone while it was read or hashed: the next request finds the new one. */
export function fileChanging(): HttpFailure {
  return new HttpFailure(503, 'the file is being changed; try again', { 'Retry-After': '1' });
}

const BY_SYSTEM_CODE: Readonly<Record<string, readonly [number, string]>> = {
  ENOENT: [404, 'no such file or directory'],
  ENOTDIR: [404, 'no such file or directory'],
  ELOOP: [404, 'no such file or directory'],
  EACCES: [403, 'this server may not access it'],
  EPERM: [403, 'this server may not access it'],
  EROFS: [403, 'the file system is read-only'],
  // What open() says of a socket, and of a device without a driver.
  ENXIO: [403, 'not a regular file'],
  ENODEV: [403, 'not a regular file'],
  EISDIR: [409, 'a directory has this name'],
  EEXIST: [409, 'something else has this name'],
  ENAMETOOLONG: [414, 'a name is too long for the file system'],
  EFBIG: [413, 'too large for the file system'],
  ENOSPC: [507, 'no space left on the device'],
  EDQUOT: [507, 'disk quota exceeded'],
  EMFILE: [503, 'too many open files; try again'],
  ENFILE: [503, 'too many open files; try again'],
};

/** A file-system error as the status it means; other errors come back as they are. */
export function httpFailure(error: unknown): unknown {
  const known = BY_SYSTEM_CODE[systemCode(error) ?? ''];
  if (!known) return error;
  const [status, message] = known;
  return new HttpFailure(status, message, status === 503 ? { 'Retry-After': '1' } : {});
}
