// Single steps on the file system that a download is made of. What each leaves
// behind when it is cut short is said where it is not nothing.
import { constants, type Stats } from 'node:fs';
import { link, lstat, open, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, HubswarmError, systemCode } from '../runtime/errors.ts';

/** Symbolic links are not followed: a partial's name can be foreseen by others. */
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** No hard links there (exFAT, some network file systems). */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

export async function lstatIfAny(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

/**
 * Makes or finds a file and gives it its full size. What has another name too is somebody
 * else's, and is no file of ours that is none at all: a new one takes its place. Resolves
 * to its inode.
 */
export async function makeFile(path: string, length: number, mode = 0o666): Promise<bigint> {
  let handle = await open(path, CREATE, mode);
  try {
    let stats = await handle.stat({ bigint: true });
    if (!stats.isFile() || stats.nlink > 1n) {
      await handle.close();
      await unlink(path);
      handle = await open(path, CREATE | constants.O_EXCL, mode);
      stats = await handle.stat({ bigint: true });
    }
    if (stats.size !== BigInt(length)) await handle.truncate(length);
    return stats.ino;
  } finally {
    await handle.close();
  }
}

/**
 * Unlike rename() alone never replaces what came to be there meanwhile. Cut short,
 * it may leave both names of the one file.
 */
export async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await unlink(from);
  } catch (error) {
    if (!NO_LINKS.includes(systemCode(error) ?? '')) throw error;
    if (await lstatIfAny(to)) {
      throw new HubswarmError('ERR_EXISTS', `${to}: came to exist during the download`);
    }
    await rename(from, to);
  }
}

/**
 * A directory that is not empty cannot be replaced in one step: for a moment there
 * is none of that name. Cut short, it may leave the old one as `<from>.old`.
 */
export async function replaceTree(from: string, to: string): Promise<void> {
  const old = `${from}.old`;
  await rm(old, { recursive: true, force: true });
  const present = await lstatIfAny(to);
  if (present) await rename(to, old);
  try {
    await rename(from, to);
  } catch (error) {
    if (present) await rename(old, to);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** So that names in it survive a power cut. Where directories cannot be synced, they need not be. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!['EISDIR', 'EINVAL', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
  }
}

/**
 * A path to that name in the very directory that is open, whatever has happened to its own
 * path since (openat(2) and its kin, by way of /proc); elsewhere than on Linux by its path.
 */
export function nameIn(
  { handle, path }: { readonly handle: { readonly fd?: number }; readonly path: string },
  name: string,
): string {
  const isLinux = process.platform === 'linux' && handle.fd !== undefined;
  return isLinux ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name);
}
