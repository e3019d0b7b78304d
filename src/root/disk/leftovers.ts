// Partial files that a crash left below a root are removed.
//
// Another hub may serve the same root, on another machine even, so whether anybody
// still writes a partial is told by its age alone: one that is too young to tell is
// looked at again when it is old enough. Rejected: the process id in the name (says
// nothing of other machines and containers), a lock (Node.js has none, and network
// file systems often not).
import { lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isHidden } from '../names.ts';
import { entriesOf } from './entries-of.ts';
import { isLive, isPartial } from './partial-file.ts';

/**
 * An upload is written to every mebibyte, which the slowest that is suffered takes
 * some four minutes for (conversation.ts); many that share a capped link take longer.
 */
const LEFTOVER_AFTER_MS = 60 * 60 * 1000;

/** Resolves when none is left, or the signal aborts. Never rejects. */
export async function removeLeftovers(root: string, signal: AbortSignal): Promise<void> {
  let left = await removeBelow(root, signal);
  while (left.length > 0) {
    await delay(LEFTOVER_AFTER_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const states = await Promise.all(left.map(removeIfOld));
    left = left.filter((_path, index) => states[index] === 'young');
  }
}

/** Resolves to those that may be written to still. */
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
    if (isLive(path) || Date.now() - mtimeMs < LEFTOVER_AFTER_MS) return 'young';
    await unlink(path);
  } catch {
    // Published, or removed by another hub; or not ours to remove.
  }
  return 'gone';
}
