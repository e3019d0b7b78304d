import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** What a directory holds; nothing when it is gone meanwhile, or not ours to read. */
export async function* entriesOf(path: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(path);
  } catch {
    // A walk goes on beside it.
  }
}
