// Compares a mirror with what it should be: names, types and lengths. A path that is unknown on the
// remote (a listing that cannot be read, a name that cannot be written) says nothing about the
// local path. Pure.
import type { LocalEntry } from './local-entry.ts';
import { isAtOrBelow, parentOf, placeOf } from './tree-path.ts';

export interface WantedTree {
  readonly directories: ReadonlySet<string>;
  /** Paths, with the length if it is known. */
  readonly files: ReadonlyMap<string, number | undefined>;
  /** Paths whose content is unknown, with all below them, and why. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Directories ('' for the root) that hold more than is known. */
  readonly partial: ReadonlySet<string>;
}

type Entries = ReadonlyMap<string, Pick<LocalEntry, 'size' | 'isFile' | 'isDirectory'>>;

/** Local paths that the remote does not have. */
export function extrasOf(entries: Entries, wanted: WantedTree): string[] {
  const { directories, files, unknown, partial } = wanted;
  const unwanted = { has: (path: string) => !directories.has(path) && !files.has(path) };
  return [...entries.keys()].filter((path) => {
    const top = placeOf(path, unwanted);
    if (top === undefined || isAtOrBelow(path, unknown)) return false;
    return !partial.has(parentOf(top));
  });
}

/** Paths that differ, and how; extra paths are not included. */
export function differencesOf(entries: Entries, wanted: WantedTree): Map<string, string> {
  const wrong = new Map<string, string>();
  for (const path of wanted.directories) {
    const stats = entries.get(path);
    if (!stats) wrong.set(path, 'is missing');
    else if (!stats.isDirectory()) wrong.set(path, 'is no directory');
  }
  for (const [path, bytes] of wanted.files) {
    const stats = entries.get(path);
    if (!stats) wrong.set(path, 'is missing');
    else if (!stats.isFile()) wrong.set(path, 'is no regular file');
    else if (bytes !== undefined && stats.size !== bytes) {
      wrong.set(path, `has ${stats.size} bytes, not ${bytes}`);
    }
  }
  return wrong;
}
