// A file as it was when it was imported, and the check that it still is. A file
// that was written to, replaced or removed is an error and never wrong bytes.
import type { Stats } from 'node:fs';
import { HubswarmError } from '../../runtime/errors.ts';

export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** The time of the last change of the inode: no writer can put it back. */
  readonly ctimeMs: number;
  readonly ino: number;
}

export function sourceFile(path: string, stats: Stats): SourceFile {
  const { size, mtimeMs, ctimeMs, ino } = stats;
  return { path, size, mtimeMs, ctimeMs, ino };
}

/** By all that a writer sets. Another ctime alone may be that of a mode, a name or an owner. */
export const isUnchanged = (source: SourceFile, now: Stats): boolean =>
  now.size === source.size && now.mtimeMs === source.mtimeMs && now.ino === source.ino;

/** @throws HubswarmError ERR_SOURCE_CHANGED; ERR_NOT_FOUND if the file has no name any more */
export function checkUnchanged(source: SourceFile, now: Stats): void {
  if (now.nlink === 0 || !(now.isFile() || now.isDirectory())) {
    throw new HubswarmError('ERR_NOT_FOUND', `${source.path}: was removed or replaced`);
  }
  if (isUnchanged(source, now)) return;
  throw new HubswarmError(
    'ERR_SOURCE_CHANGED',
    `${source.path}: changed since it was read; share it again to hand out what it is now`,
  );
}
