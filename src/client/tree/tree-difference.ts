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

type Entry = Pick<LocalEntry, 'size' | 'isFile' | 'isDirectory'>;

/** What a local tree differs in, entry by entry, so that none of them has to be kept. */
export class TreeDifference {
  /** Paths that differ, and how, without those that are missing and those beyond the remote's. */
  readonly wrong = new Map<string, string>();
  /** Local paths that the remote does not have. */
  readonly extras: string[] = [];
  readonly #wanted: WantedTree;
  readonly #unwanted: { has(path: string): boolean };
  readonly #missing: Set<string>;

  constructor(wanted: WantedTree) {
    const { directories, files } = wanted;
    this.#wanted = wanted;
    this.#unwanted = { has: (path) => !directories.has(path) && !files.has(path) };
    this.#missing = new Set(directories);
    for (const path of files.keys()) this.#missing.add(path);
  }

  /** Paths that no entry had so far. */
  get missing(): Iterable<string> {
    return this.#missing;
  }

  take(path: string, entry: Entry): void {
    const { directories, files } = this.#wanted;
    this.#missing.delete(path);
    const reason = files.has(path)
      ? faultOfFile(entry, files.get(path))
      : directories.has(path) && !entry.isDirectory() && 'is no directory';
    if (reason) this.wrong.set(path, reason);
    if (this.#isExtra(path)) this.extras.push(path);
  }

  #isExtra(path: string): boolean {
    const { unknown, partial } = this.#wanted;
    const top = placeOf(path, this.#unwanted);
    return top !== undefined && !isAtOrBelow(path, unknown) && !partial.has(parentOf(top));
  }
}

function faultOfFile(entry: Entry, bytes: number | undefined): string | undefined {
  if (!entry.isFile()) return 'is no regular file';
  const differs = bytes !== undefined && entry.size !== bytes;
  return differs ? `has ${entry.size} bytes, not ${bytes}` : undefined;
}
