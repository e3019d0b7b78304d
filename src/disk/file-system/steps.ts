// Single file system steps of a download. If an interrupted step leaves something behind, its
// comment says so.
import { constants, type Stats } from 'node:fs';
import { link, open, readlink, rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { type FileCalls, type Handle, THREADED } from './file-calls.ts';

/** Does not follow symbolic links: others can foresee a partial file's name. */
const FIND = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = FIND | constants.O_CREAT;

/** Codes of file systems without hard links (exFAT, some network file systems). */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

export async function lstatIfAny(
  path: string,
  calls: FileCalls = THREADED,
): Promise<Stats | undefined> {
  try {
    return await calls.lstatIfAny(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

/**
 * Makes or finds a file and gives it its full size. An entry with a second name belongs to somebody
 * else, and one that is no regular file is not ours: a new file takes its place. Resolves to its
 * inode.
 */
export async function makeFile(
  path: string,
  length: number,
  mode: number,
  calls: FileCalls,
): Promise<bigint> {
  let handle = await calls.open(path, CREATE, mode);
  try {
    let stats = await handle.stat({ bigint: true });
    if (!stats.isFile() || stats.nlink > 1n) {
      await handle.close();
      await unlink(path);
      handle = await calls.open(path, CREATE | constants.O_EXCL, mode);
      stats = await handle.stat({ bigint: true });
    }
    if (stats.size !== BigInt(length)) await handle.truncate(length);
    return stats.ino;
  } finally {
    await handle.close();
  }
}

export interface MadeFile {
  readonly handle: Handle;
  readonly inode: bigint;
  /** Whether it was made: what was never written to it reads as zeros. */
  readonly isNew: boolean;
}

/**
 * Makes a file where none is expected, and gives it its full size. One that another process made for
 * the same download is taken as it is. Close it.
 *
 * @param owner the one who may have made it
 * @returns undefined if something else is there
 */
export async function makeNewFile(
  path: string,
  length: number,
  { mode, owner, calls }: { mode: number; owner: number; calls: FileCalls },
): Promise<MadeFile | undefined> {
  const made = await calls.open(path, CREATE | constants.O_EXCL, mode).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  const handle = made ?? (await calls.open(path, FIND));
  try {
    const stats = await handle.stat({ bigint: true });
    const isOurs = stats.isFile() && stats.nlink === 1n && Number(stats.uid) === owner;
    if (!made && !isOurs) {
      await handle.close();
      return undefined;
    }
    if (stats.size !== BigInt(length)) await handle.truncate(length);
    return { handle, inode: stats.ino, isNew: made !== undefined };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Makes a symbolic link, or finds it. Another entry of that name gives way, unless it is a directory. */
export async function makeLink(path: string, target: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await rm(path, { force: true });
  await symlink(target, path);
}

/**
 * Renames, but never replaces what appeared there meanwhile, as rename() would. If interrupted, it
 * may leave both names of the file.
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
 * Syncs a file, or a directory so that its names survive a power cut. Some systems cannot sync a
 * directory, and need not.
 */
export async function syncPath(path: string): Promise<void> {
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
