// Walks the files below a directory, as listings show them: no hidden names, and no names that a
// URL cannot carry. Links to directories are not entered, so a walk ends.
import { join } from 'node:path';
import { isNameable } from '../names.ts';
import { entriesOf } from './entries-of.ts';

/**
 * Yields paths of files and of links, below the root, joined with slashes.
 *
 * @param path where to begin; '' for the root
 * @param onDirectory called with the path of each directory before it is read
 */
export async function* walk(
  root: string,
  path: string,
  onDirectory: (path: string) => void,
): AsyncGenerator<string> {
  const directories = [path];
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    onDirectory(next);
    for await (const entry of entriesOf(join(root, next))) {
      if (!isNameable(entry.name)) continue;
      const found = next === '' ? entry.name : `${next}/${entry.name}`;
      if (entry.isDirectory()) directories.push(found);
      else if (entry.isFile() || entry.isSymbolicLink()) yield found;
    }
  }
}
