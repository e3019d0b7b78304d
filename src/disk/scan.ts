// Lists what lies under a path that is to be shared. It lists only files and directories. Symbolic
// links inside a directory and special files (sockets, FIFOs, devices) are refused by name. Leaving
// them out silently would share something else than was asked for; following links could share what
// lies elsewhere. The path itself may be a symbolic link. Hidden files are part of a directory (as
// with `ipfs add -r --hidden`).
import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../content/attributes.ts';
import { fileError, HubswarmError } from '../runtime/errors.ts';
import { type SourceFile, sourceFile } from './source.ts';

export interface FoundFile {
  readonly kind: 'file';
  readonly name: string;
  readonly source: SourceFile;
  readonly attributes: FileAttributes;
}

interface FoundDirectory {
  readonly kind: 'directory';
  readonly name: string;
  readonly entries: readonly Found[];
}

export type Found = FoundFile | FoundDirectory;

/**
 * @param path absolute
 * @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_MANIFEST (of a kind not handled)
 */
export async function scan(path: string, name: string, signal?: AbortSignal): Promise<Found> {
  return scanOne(path, name, await attempt(path, stat(path)), signal);
}

async function scanOne(
  path: string,
  name: string,
  stats: Stats,
  signal: AbortSignal | undefined,
): Promise<Found> {
  signal?.throwIfAborted();
  if (stats.isFile()) {
    const attributes = { modifiedMs: stats.mtimeMs, mode: stats.mode & 0o777 };
    return { kind: 'file', name, source: sourceFile(path, stats), attributes };
  }
  if (stats.isSymbolicLink()) throw notShareable(path, 'is a symbolic link');
  if (!stats.isDirectory()) throw notShareable(path, 'is a special file');
  const entries: Found[] = [];
  for (const bytes of await attempt(path, readdir(path, { encoding: 'buffer' }))) {
    const child = join(path, bytes.toString());
    if (!isUtf8(bytes)) throw notShareable(child, 'has a name that is not UTF-8');
    entries.push(
      await scanOne(child, bytes.toString(), await attempt(child, lstat(child)), signal),
    );
  }
  return { kind: 'directory', name, entries };
}

async function attempt<T>(path: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fileError(error, path);
  }
}

function notShareable(path: string, what: string): HubswarmError {
  return new HubswarmError(
    'ERR_MANIFEST',
    `${path}: ${what}; only regular files and directories can be shared`,
  );
}

/** All files below, depth first. */
export function* filesOf(found: Found): Generator<FoundFile> {
  if (found.kind === 'file') yield found;
  else for (const entry of found.entries) yield* filesOf(entry);
}

/** Number of files and directories, the top one included. */
export function countEntries(found: Found): number {
  if (found.kind === 'file') return 1;
  return found.entries.reduce((sum, entry) => sum + countEntries(entry), 1);
}

/** UTF-16 units of the paths of all entries below, which begin with so many units. */
export function pathUnits(found: Found, above: number): number {
  if (found.kind === 'file') return 0;
  return found.entries.reduce((sum, entry) => {
    const path = above + entry.name.length;
    return sum + path + pathUnits(entry, path + 1);
  }, 0);
}
