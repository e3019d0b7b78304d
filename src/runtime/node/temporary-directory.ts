import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileError, reworded } from '../errors.ts';

/** A new directory for files of this process; the caller removes it. @throws HubswarmError */
export const makeTemporaryDirectory = (prefix: string): Promise<string> =>
  mkdtemp(join(tmpdir(), prefix)).catch(throwTemporary(tmpdir()));

/** Throws what failed with a temporary file, and says which variable names another place. */
export const throwTemporary =
  (path: string) =>
  (error: unknown): never => {
    throw reworded(fileError(error, path), (what) => `${what} (TMPDIR names another place)`);
  };
