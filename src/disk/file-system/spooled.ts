// A stream as a file: what needs its length, or reads it more than once, gets a temporary copy.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { throwTemporary } from '../../runtime/node/temporary-directory.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

interface Spool {
  readonly input: NodeJS.ReadableStream;
  /** Name of the file: one plain name. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Calls `use` with the path of the copy, and removes it afterwards. */
export function withSpooled<T>(
  { input, name, signal }: Spool,
  use: (path: string) => Promise<T>,
): Promise<T> {
  return withTemporaryDirectory(async (directory) => {
    const path = join(directory, name);
    const copied = pipeline(input, createWriteStream(path, { mode: 0o600 }), { signal });
    await copied.catch((error: unknown) => {
      // Node's own AbortError has not the reason in it.
      signal.throwIfAborted();
      return throwTemporary(path)(error);
    });
    return use(path);
  });
}
