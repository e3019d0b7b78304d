// Where a download goes. An explicit file is replaced (when whole, in one step);
// a name that a server suggested replaces nothing unless --force says so.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileError, systemCode } from '../runtime/errors.ts';

export type Target =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string; readonly overwrite: boolean };

/** @param output as given with -o: a file, a directory that exists, or '-'. */
export async function chooseTarget(
  output: string | undefined,
  derivedName: string,
  force: boolean,
): Promise<Target> {
  if (output === '-') return { kind: 'stdout' };
  if (output === undefined) return { kind: 'file', path: resolve(derivedName), overwrite: force };
  if (output.endsWith('/') || (await isDirectory(output))) {
    return { kind: 'file', path: resolve(join(output, derivedName)), overwrite: force };
  }
  return { kind: 'file', path: resolve(output), overwrite: true };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, path);
  }
}
