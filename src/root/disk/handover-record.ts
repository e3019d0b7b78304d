// What a handover says of itself before it touches anything: `place.json` in its directory. By it the
// next start finds the place, and whether the new thing has the name.
import { lstat, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncPath } from '../../disk/file-system/steps.ts';
import { isHidden } from '../names.ts';
import type { Segments } from '../root.ts';

export interface HandoverRecord {
  readonly place: Segments;
  /** That of `new`, decimal; undefined if an earlier hub wrote the record, as an array of names. */
  readonly inode?: string | undefined;
}

const pathIn = (directory: string): string => join(directory, 'place.json');

/** Resolves when the record of what is there as `new`, and that itself, survive a power cut. */
export async function writeRecord(directory: string, place: Segments): Promise<void> {
  const inode = await inodeOf(join(directory, 'new'));
  const record: HandoverRecord = { place, inode };
  const handle = await open(pathIn(directory), 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(record));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncPath(directory);
}

/** Undefined if it is missing or cut short, or names no place that a handover can have. */
export async function readRecord(directory: string): Promise<HandoverRecord | undefined> {
  try {
    const value = JSON.parse(await readFile(pathIn(directory), 'utf8'));
    const { place, inode } = Array.isArray(value) ? { place: value } : value;
    const isPlace = Array.isArray(place) && place.length > 0 && place.every(isName);
    return isPlace ? { place, inode } : undefined;
  } catch {
    return undefined;
  }
}

export async function inodeOf(path: string): Promise<string> {
  return String((await lstat(path, { bigint: true })).ino);
}

const isName = (name: unknown): boolean =>
  typeof name === 'string' && name !== '' && !isHidden(name) && !/[/\0]/.test(name);
