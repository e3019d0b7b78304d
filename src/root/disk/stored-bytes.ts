import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf } from './entries-of.ts';
import { isPartial } from './partial-file.ts';

/**
 * Bytes of all regular files, hidden ones too. Partial files and files below `except` do not count:
 * each upload under way has its own share of the quota.
 */
export async function storedBytes(root: string, except: string): Promise<number> {
  let bytes = 0;
  const directories = [root];
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    for await (const found of entriesOf(next)) {
      const path = join(next, found.name);
      if (found.isDirectory() && path !== except) directories.push(path);
      else if (found.isFile() && !isPartial(found.name)) bytes += await sizeOf(path);
    }
  }
  return bytes;
}

const sizeOf = (path: string): Promise<number> =>
  lstat(path).then(
    ({ size }) => size,
    () => 0,
  );
