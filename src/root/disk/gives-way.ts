// Checks whether a directory gives way to a file: all that would be removed with it is known to
// who asked, since listings show it, and may be removed. Hidden names, and what is never served, keep
// it. So do links to what is not served, or what who asked may not remove. What dead processes left of uploads
// counts for nothing.
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { isNameable } from '../names.ts';
import type { PlaceCheck, Replacing, Segments } from '../root.ts';
import { isDeadPartial } from './dead-partial.ts';

/** The root in which something gives way. */
interface GivingRoot {
  placeOf(real: string): Segments;
  readonly check: PlaceCheck;
  readonly gives: Replacing | undefined;
}

/**
 * @param path a link itself gives way
 * @throws Refusal ERR_PRECONDITION, and what the check throws for the place itself
 */
export async function checkGivesWay(
  path: string,
  place: Segments,
  root: GivingRoot,
): Promise<void> {
  const { directories, check } = root.gives!;
  try {
    const there = await lstat(path);
    check(place, there.isDirectory());
    if (there.isSymbolicLink()) await checkLink(path, root);
    if (!there.isDirectory()) return;
    const left: Segments[] = [[]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      for await (const entry of await opendir(join(path, ...next))) {
        const names = [...next, entry.name];
        const real = join(path, ...names);
        if (entry.isFile() && (await isDeadPartial(real))) continue;
        if (directories === 'empty')
          throw new Refusal('ERR_PRECONDITION', 'the directory is not empty');
        const isServed = entry.isDirectory() || entry.isFile() || entry.isSymbolicLink();
        if (!isServed || !isNameable(entry.name)) throw holdsMore();
        if (!isAllowed(() => check([...place, ...names], entry.isDirectory()))) throw holdsMore();
        if (entry.isSymbolicLink()) await checkLink(real, root);
        if (entry.isDirectory()) left.push(names);
      }
    }
  } catch (error) {
    throw fileRefusal(error);
  }
}

async function checkLink(path: string, root: GivingRoot): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  const there = real && (await stat(real).catch(() => undefined));
  if (!there || !(there.isFile() || there.isDirectory())) throw holdsMore();
  const isDirectory = there.isDirectory();
  const mayGo = isAllowed(() => {
    const place = root.placeOf(real);
    root.check(place, isDirectory);
    root.gives!.check(place, isDirectory);
  });
  if (!mayGo) throw holdsMore();
}

function isAllowed(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

const holdsMore = (): Refusal =>
  new Refusal('ERR_PRECONDITION', 'what would be removed holds more than is listed');
