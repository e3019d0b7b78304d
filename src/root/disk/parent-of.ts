// Opens the directory in which a name is changed, and makes it and its parents if they are missing.
// Each level is made in the open directory above it, so that nothing is ever made beyond a link
// that leads outside.
import { mkdir } from 'node:fs/promises';
import { hasCode, systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { Segments } from '../root.ts';
import type { DiskDirectory } from './disk-directory.ts';
import type { DiskFile } from './disk-file.ts';

interface Opens {
  /** @param beyond names below the directory for which it is opened */
  open(segments: Segments, beyond: Segments): Promise<DiskFile | DiskDirectory>;
}

/** @throws Refusal ERR_NOT_FOUND, ERR_CONFLICT, and what opening and making throw */
export async function parentOf(
  root: Opens,
  segments: Segments,
  makes: boolean,
): Promise<DiskDirectory> {
  const [parent, name] = [segments.slice(0, -1), segments.slice(-1)];
  const opened = makes ? await make(root, parent, name) : await root.open(parent, name);
  if (opened.kind === 'directory') return opened;
  await opened.close();
  throw new Refusal('ERR_NOT_FOUND', 'no such file or directory');
}

async function make(root: Opens, segments: Segments, beyond: Segments): Promise<DiskDirectory> {
  try {
    return await openDirectory(root, segments, beyond);
  } catch (error) {
    // The root itself is never made.
    if (!hasCode(error, 'ERR_NOT_FOUND') || segments.length === 0) throw error;
  }
  const [above, name] = [segments.slice(0, -1), segments.at(-1)!];
  const directory = await make(root, above, [name, ...beyond]);
  try {
    await mkdir(directory.at(name));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileRefusal(error);
  } finally {
    await directory.close();
  }
  return openDirectory(root, segments, beyond);
}

async function openDirectory(
  root: Opens,
  segments: Segments,
  beyond: Segments,
): Promise<DiskDirectory> {
  const opened = await root.open(segments, beyond);
  if (opened.kind === 'directory') return opened;
  await opened.close();
  throw new Refusal('ERR_CONFLICT', 'a file has the name of a directory in the path');
}
