// Holds what lies in a mirror against what it is to be: names, types and lengths. What is
// not known of the remote (a listing that could not be read, a name that cannot be written)
// says nothing about what lies there. Pure.
import type { Stats } from 'node:fs';
import { isAtOrBelow, parentOf, placeOf } from './tree-path.ts';

export interface WantedTree {
  readonly directories: ReadonlySet<string>;
  /** Path and length, where that is known. */
  readonly files: ReadonlyMap<string, number | undefined>;
  /** Of these, and of all below them, nothing more is known. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Directories, '' for the root, that hold more than is known. */
  readonly partial: ReadonlySet<string>;
}

type Entries = ReadonlyMap<string, Stats>;

/** Paths that the remote has not. */
export function extrasOf(entries: Entries, wanted: WantedTree): string[] {
  const { directories, files, unknown, partial } = wanted;
  const unwanted = { has: (path: string) => !directories.has(path) && !files.has(path) };
  return [...entries.keys()].filter((path) => {
    const top = placeOf(path, unwanted);
    if (top === undefined || isAtOrBelow(path, unknown)) return false;
    return !partial.has(parentOf(top));
  });
}

/** Path and what is wrong there; extras are none of it. */
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
