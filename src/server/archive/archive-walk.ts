// Yields the entries of an archive in order: every file and directory below a directory that the
// same client could ask for by name. Each directory comes before its entries; names are sorted by
// UTF-16 code units. Entries that may not be served (hidden, special, links that lead out) are left
// out, as in listings. A directory that several links lead to comes once: otherwise a few links
// could make a tree without end.

import type { DirectoryNames, Names } from '../../hub/catalogue/directory-names.ts';
import type { OpenDirectory, OpenFile, Root, Segments } from '../../root/root.ts';
import { Refusal } from '../../runtime/refusal.ts';

export interface ArchiveEntry {
  /** Path in the archive: the name of its top, then the names below, with '/' between them. */
  readonly path: string;
  /** The open file or directory. It is closed when the next entry is asked for. */
  readonly opened: OpenFile | OpenDirectory;
}

export interface Walk {
  readonly root: Root;
  readonly directories: DirectoryNames;
  /** Whether the caller may read a file, or a directory may lead to one that it may read. */
  readonly shows: (segments: readonly string[], isDirectory: boolean) => boolean;
  readonly signal: AbortSignal;
}

const NO_NAMES = { directories: [], files: [] };

/** @param top beginning of all paths in the archive. @throws what the signal holds */
export async function* walkArchive(
  walk: Walk,
  segments: readonly string[],
  top: string,
): AsyncGenerator<ArchiveEntry> {
  yield* walkOne(walk, segments, top, new Set());
}

async function* walkOne(
  walk: Walk,
  segments: readonly string[],
  path: string,
  visited: Set<string>,
): AsyncGenerator<ArchiveEntry> {
  walk.signal.throwIfAborted();
  const opened = await openIfServed(walk.root, segments);
  if (!opened) return;
  let names: Pick<Names, 'directories' | 'files'> = NO_NAMES;
  try {
    if (!walk.shows(segments, opened.kind === 'directory')) return;
    if (opened.kind === 'directory') {
      const place = opened.place.join('/');
      if (visited.has(place)) return;
      visited.add(place);
      names = await walk.directories.of(opened, walk.signal);
    }
    yield { path, opened };
  } finally {
    await opened.close();
  }
  // Uses the lists that all requests share, and never copies them: an archive is read for as long
  // as its client likes.
  for (const list of [names.directories, names.files]) {
    for (const name of list) yield* walkOne(walk, [...segments, name], `${path}/${name}`, visited);
  }
}

async function openIfServed(
  root: Root,
  segments: Segments,
): Promise<ArchiveEntry['opened'] | undefined> {
  try {
    return await root.open(segments);
  } catch (error) {
    // The entry is gone, or may not be served. An error that says that the server is out of
    // resources is thrown.
    if (error instanceof Refusal && !error.isPassing) return undefined;
    throw error;
  }
}
