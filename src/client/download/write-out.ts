// A stream as the sink of a download: bytes in order, nothing taken back.
import type { Writable } from 'node:stream';
import { fileError, HubswarmError } from '../../runtime/errors.ts';

/** The stream, and the signal that stops writing. */
export interface Outlet {
  readonly out: Writable;
  /** The stream's name, for messages. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Resolves when the reader took the bytes (or the pipe's buffer did). @throws the signal's reason */
export function writeOut({ out, name, signal }: Outlet, bytes: Uint8Array): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    // A reader that takes no byte must not keep this process from ending.
    signal.addEventListener('abort', abort, { once: true });
    out.write(bytes, (cause) => {
      signal.removeEventListener('abort', abort);
      if (!cause) return resolve();
      const known = fileError(cause, name);
      if (known !== cause) return reject(known);
      reject(new HubswarmError('ERR_ABORTED', `${name}: closed by its reader`, { cause }));
    });
  });
}
