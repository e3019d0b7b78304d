// Checks whether a directory gives way to a file: all that would be removed with it is known to
// who asked, since listings show it, and may be removed. Hidden names, and what is never served, keep it.
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { isNameable } from '../names.ts';
import type { Replacing, Segments } from '../root.ts';

/**
 * @param path a link itself gives way
 * @throws Refusal ERR_PRECONDITION, and what the check throws
 */
export async function checkGivesWay(
  path: string,
  place: Segments,
  { directories, check }: Replacing,
): Promise<void> {
  try {
    const isDirectory = (await lstat(path)).isDirectory();
    check(place, isDirectory);
    if (!isDirectory) return;
    const left: Segments[] = [[]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      for await (const entry of await opendir(join(path, ...next))) {
        if (directories === 'empty')
          throw new Refusal('ERR_PRECONDITION', 'the directory is not empty');
        const isServed = entry.isDirectory() || entry.isFile() || entry.isSymbolicLink();
        if (!isServed || !isNameable(entry.name))
          throw new Refusal('ERR_PRECONDITION', 'the directory holds more than is listed');
        const names = [...next, entry.name];
        check([...place, ...names], entry.isDirectory());
        if (entry.isDirectory()) left.push(names);
      }
    }
  } catch (error) {
    throw fileRefusal(error);
  }
}
