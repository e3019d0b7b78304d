// Bounds a directory of small files that are a cache: what was used least recently, by the time of
// its last change, is removed.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A temporary name is in use for a moment; one so old was left by a crash. */
const STALE_MS = 3_600_000;

/** @throws of the file system; not for a file that is removed meanwhile */
export async function forgetOldest(
  directory: string,
  mostFiles: number,
  mostBytes: number,
): Promise<void> {
  const kept: { path: string; size: number; mtimeMs: number }[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    // Another process may have removed it meanwhile.
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) continue;
    const { size, mtimeMs } = stats;
    if (!name.endsWith('.tmp')) kept.push({ path, size, mtimeMs });
    else if (Math.abs(Date.now() - mtimeMs) > STALE_MS) await rm(path, { force: true });
  }
  kept.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let bytes = 0;
  for (const [index, { path, size }] of kept.entries()) {
    bytes += size;
    if (index >= mostFiles || bytes > mostBytes) await rm(path, { force: true });
  }
}
