// Removes partial files that a crash left below a root.
//
// Another hub may serve the same root, even on another machine. So only the age of a partial file
// tells whether it is still written to. A younger one is examined again when it is old enough.
// Rejected: the process id in the name (says nothing of other machines and containers), a lock
// (Node.js has none, and network file systems often not).
import { lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isHidden } from '../names.ts';
import { entriesOf } from './entries-of.ts';
import { isLive, isPartial } from './partial-file.ts';

/**
 * Age at which a partial file counts as left over. A time so far ahead is one of a clock that was set
 * since. The slowest upload that is not cut writes a
 * mebibyte in some four minutes (conversation.ts); many uploads on one capped link take longer.
 */
const LEFTOVER_AFTER_MS = 60 * 60 * 1000;

/** Resolves when no such file remains, or the signal aborts. Never rejects. */
export async function removeLeftovers(root: string, signal: AbortSignal): Promise<void> {
  let left = await removeBelow(root, signal);
  while (left.length > 0) {
    await delay(LEFTOVER_AFTER_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const states = await Promise.all(left.map(removeIfOld));
    left = left.filter((_path, index) => states[index] === 'young');
  }
}

/** Resolves to the partial files that may still be written to. */
async function removeBelow(root: string, signal: AbortSignal): Promise<string[]> {
  const young: string[] = [];
  const directories = [root];
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    for await (const found of entriesOf(next)) {
      if (signal.aborted) return [];
      const path = join(next, found.name);
      if (isPartial(found.name) && found.isFile()) {
        if ((await removeIfOld(path)) === 'young') young.push(path);
      } else if (found.isDirectory() && !isHidden(found.name)) directories.push(path);
    }
  }
  return young;
}

async function removeIfOld(path: string): Promise<'young' | 'gone'> {
  try {
    const { mtimeMs } = await lstat(path);
    if (isLive(path) || Math.abs(Date.now() - mtimeMs) < LEFTOVER_AFTER_MS) return 'young';
    await unlink(path);
  } catch {
    // The file was published, or removed by another hub, or may not be removed.
  }
  return 'gone';
}
