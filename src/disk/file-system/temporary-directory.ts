// A directory in the system's place for temporary files, for as long as something is done with it. A
// process that is killed leaves its own there, with what somebody shared or fetched in it. So each
// has a lock, and the next one that is made removes those that no living process holds.
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { unawaited } from '../../runtime/guarded.ts';
import { lockDirectory, type Release } from '../../runtime/node/directory-lock.ts';
import { makeTemporaryDirectory, throwTemporary } from '../../runtime/node/temporary-directory.ts';

const PREFIX = 'hubswarm-temporary-';
/** Age at which one without a lock counts as left: it is made a moment before. Chosen. */
const LEFT_AFTER_MS = 60_000;

/** Calls `use` with the path of an empty directory, and removes it afterwards. @throws of the file system */
export async function withTemporaryDirectory<T>(use: (path: string) => Promise<T>): Promise<T> {
  unawaited('removing what was left', removeLeft());
  const directory = await makeTemporaryDirectory(PREFIX);
  let release: Release | undefined;
  try {
    release = await lock(directory).catch(throwTemporary(directory));
    const path = join(directory, 'content');
    await mkdir(path).catch(throwTemporary(path));
    return await use(path);
  } finally {
    await remove(directory, release);
  }
}

/** What killed processes of this user left. */
async function removeLeft(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue;
    // What cannot be removed stays: it is in nobody's way.
    await removeIfLeft(join(tmpdir(), name)).catch(() => undefined);
  }
}

async function removeIfLeft(directory: string): Promise<void> {
  // Anybody may make names there.
  const stats = await lstat(directory);
  if (!stats.isDirectory() || stats.uid !== userInfo().uid) return;
  const isLocked = (await readdir(directory)).some((name) => name.startsWith('lock-'));
  if (!isLocked && Date.now() - stats.mtimeMs < LEFT_AFTER_MS) return;
  const release = await lock(directory);
  if (release) await remove(directory, release);
}

/** Undefined if a living process holds it. */
async function lock(directory: string): Promise<Release | undefined> {
  const taken = await lockDirectory(directory, { warn: () => undefined });
  return 'release' in taken ? taken.release : undefined;
}

async function remove(directory: string, release: Release | undefined): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  // Its file is gone.
  await release?.().catch(() => undefined);
}
