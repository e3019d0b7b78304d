// The last step of every draft: a written file gets its name. If nothing may be replaced, link()
// gives the name, and the file system decides, also between processes. Otherwise rename() does,
// after a check of the file that is replaced. The data is on the disk before its name, and the name
// before the answer.
import type { Stats } from 'node:fs';
import { type FileHandle, link, rename, stat, unlink } from 'node:fs/promises';
import type { FileAttributes } from '../../content/attributes.ts';
import { applyAttributes } from '../../disk/file-system/attributes.ts';
import { stampOf } from '../../disk/file-system/stamp-age.ts';
import { lstatIfAny } from '../../disk/file-system/steps.ts';
import { adoptAccess } from '../../disk/place/target-place.ts';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { IfMatch, Segments, Version } from '../root.ts';
import { versionOf } from './version-of.ts';

/** Directory in which the name is given. */
export interface TargetDirectory {
  readonly place: Segments;
  /** Absolute real path. */
  readonly path: string;
  /** Whether the directory itself has no name before the file has. */
  readonly isStaged: boolean;
  /** A path to that name in the very directory that is open. */
  at(name: string): string;
  /** @param put gives the name of a directory to a file. @throws Refusal ERR_CONFLICT if none gives way */
  replace(name: string, put: (target: string) => Promise<void>): Promise<void>;
  /** Makes the names in it survive a power cut. A staged directory takes its place. */
  commit(): Promise<void>;
}

/**
 * @param file on the file system of the directory
 * @throws Refusal ERR_PRECONDITION, ERR_CONFLICT, and what the file system says
 */
export async function placeFile(
  file: { readonly handle: FileHandle; readonly path: string },
  directory: TargetDirectory,
  name: string,
  ifMatch: IfMatch,
  attributes: FileAttributes = {},
): Promise<Version> {
  const target = directory.at(name);
  const { isStaged } = directory;
  try {
    await file.handle.sync();
    if (ifMatch === 'absent' || isStaged) {
      await applyAttributes(file.handle, attributes);
      await link(file.path, target);
      if (!isStaged) await unlink(file.path);
    } else {
      const there = await lstatIfAny(target);
      if (ifMatch) await checkStamp(target, there, ifMatch.stamp);
      const isFile = !there || there.isFile() || there.isSymbolicLink();
      if (!isFile && !there.isDirectory())
        throw new Refusal('ERR_CONFLICT', 'what is no file has this name');
      // The new file gets the rights of the file that it replaces.
      if (there?.isFile()) await adoptAccess(file.handle, there);
      await applyAttributes(file.handle, attributes);
      if (isFile) await rename(file.path, target);
      else await directory.replace(name, (free) => rename(file.path, free));
    }
  } catch (error) {
    if (ifMatch === 'absent' && systemCode(error) === 'EEXIST') {
      throw new Refusal('ERR_PRECONDITION', 'the name is taken');
    }
    throw fileRefusal(error);
  }
  await directory.commit();
  // Before, it is the only name that counts.
  if (isStaged) await unlink(file.path);
  return versionOf(await file.handle.stat());
}

/** A link has the version of what it leads to. It is replaced itself. */
async function checkStamp(target: string, there: Stats | undefined, stamp: string): Promise<void> {
  const now = there?.isSymbolicLink() ? await stat(target).catch(() => undefined) : there;
  if (now && stampOf(now) === stamp) return;
  throw new Refusal('ERR_PRECONDITION', 'the file is not that version');
}
