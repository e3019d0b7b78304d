import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, systemCode } from '../errors.ts';

/**
 * Makes a directory and what is missing above it. Node's own `recursive` never ends
 * where a file system answers ENOENT below a directory that exists (/proc does).
 *
 * @throws HubswarmError of the file system, naming `path`
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  try {
    await make(path, mode);
  } catch (error) {
    throw fileError(error, path);
  }
}

async function make(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    // Where it exists, another has made it since, or the file system means what it said.
    if (!(await exists(parent))) await make(parent, mode);
    await mkdir(path, { mode }).catch((raced: unknown) => {
      if (systemCode(raced) !== 'EEXIST') throw raced;
    });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
