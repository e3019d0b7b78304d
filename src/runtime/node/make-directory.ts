import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, systemCode } from '../errors.ts';

/**
 * Makes a directory and what is missing above it. Node's own `recursive` never ends
 * where a file system answers ENOENT below a directory that exists (/proc does).
 *
 * @returns the directories that were missing, outermost first
 * @throws HubswarmError of the file system, naming `path`
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<readonly string[]> {
  try {
    return await make(path, mode);
  } catch (error) {
    throw fileError(error, path);
  }
}

async function make(path: string, mode: number): Promise<string[]> {
  try {
    await mkdir(path, { mode });
    return [path];
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return [];
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    // Where it exists, another has made it since, or the file system means what it said.
    const above = (await exists(parent)) ? [] : await make(parent, mode);
    try {
      await mkdir(path, { mode });
      return [...above, path];
    } catch (raced) {
      if (systemCode(raced) === 'EEXIST') return above;
      throw raced;
    }
  }
}

/** Removes directories that makeDirectory() made, as far as nothing is in them. */
export async function removeIfEmpty(made: readonly string[]): Promise<void> {
  for (const path of made.toReversed()) {
    try {
      await rmdir(path);
    } catch {
      // Somebody uses it, and so those above it.
      return;
    }
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
