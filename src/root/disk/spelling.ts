// Finds a name under another spelling. Unicode writes `é` as one code point (NFC) or as two (NFD).
// People see one name, but file systems of Linux see two. macOS makes NFD, everybody else types
// NFC. So a name that is missing is looked for in its other normal form. A name that is there is
// itself, whatever is beside it. If several other spellings are there, none is meant.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segments } from '../root.ts';

/** The normal forms of a name, without itself. Pure. */
function otherSpellings(name: string): string[] {
  const forms = new Set([name.normalize('NFC'), name.normalize('NFD')]);
  forms.delete(name);
  return [...forms];
}

/**
 * The name that an entry has: the name itself if it is there, its one other spelling if that is
 * there, else the name itself, as a new entry would have it.
 *
 * @param at makes a path to a name of the directory
 */
export async function spelledIn(at: (name: string) => string, name: string): Promise<string> {
  const others = otherSpellings(name);
  if (others.length === 0 || (await isThere(at(name)))) return name;
  const found: string[] = [];
  for (const other of others) if (await isThere(at(other))) found.push(other);
  return found.length === 1 ? found[0]! : name;
}

/** The names of a missing path as they are spelled below the root; undefined if nothing changes. */
export async function respelled(root: string, segments: Segments): Promise<Segments | undefined> {
  if (segments.every((name) => otherSpellings(name).length === 0)) return undefined;
  const found: string[] = [];
  for (const name of segments) {
    const above = join(root, ...found);
    found.push(await spelledIn((each) => join(above, each), name));
  }
  return found.every((name, index) => name === segments[index]) ? undefined : found;
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
