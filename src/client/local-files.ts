import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, HubswarmError } from '../runtime/errors.ts';

export interface LocalFile {
  readonly path: string;
  /** Below the directory that was walked. */
  readonly segments: readonly string[];
  readonly size: number;
}

/**
 * Every regular file below a directory that a hub would take; of each other entry
 * one line says why it stays.
 *
 * @throws HubswarmError ERR_USAGE when it is no directory, ERR_NOT_FOUND, ERR_NOT_PERMITTED
 */
export async function localFiles(
  directory: string,
  onLeftOut: (message: string) => void,
): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  const walk = async (path: string, segments: readonly string[]): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = { path: join(path, entry.name), segments: [...segments, entry.name] };
      const reason = reasonToLeave(entry.name);
      if (reason) onLeftOut(`${inside.path}: left out: ${reason}`);
      else if (entry.isDirectory()) await walk(inside.path, inside.segments);
      else if (!entry.isFile()) onLeftOut(`${inside.path}: left out: no regular file`);
      else files.push({ ...inside, size: (await lstat(inside.path)).size });
    }
  };
  try {
    if (!(await lstat(directory)).isDirectory()) {
      throw new HubswarmError('ERR_USAGE', `${directory}: is not a directory; leave -r out`);
    }
    await walk(directory, []);
  } catch (error) {
    throw fileError(error, directory);
  }
  return files;
}

/** Why a hub would not list that name; undefined when it would. */
export function reasonToLeave(name: string): string | undefined {
  if (name.startsWith('.')) return 'hidden';
  if (name.includes('\\')) return 'a backslash is in its name';
  // Node.js reads what is no UTF-8 as U+FFFD, and cannot find it again by that.
  return name.includes('\ufffd') ? 'its name is not UTF-8' : undefined;
}
