import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** Yields the entries of a directory; none if it is gone or may not be read. */
export async function* entriesOf(path: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(path);
  } catch {
    // A walk passes over it.
  }
}
