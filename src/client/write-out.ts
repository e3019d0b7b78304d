// Standard output as the end of a download: bytes in order, nothing taken back.
import type { Writable } from 'node:stream';
import { HubswarmError } from '../runtime/errors.ts';

/** Resolves when the reader took the bytes (or the pipe's buffer did). */
export function writeOut(out: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(bytes, (cause) => {
      if (!cause) return resolve();
      reject(new HubswarmError('ERR_ABORTED', 'standard output: closed by its reader', { cause }));
    });
  });
}
