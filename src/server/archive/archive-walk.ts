// What an archive of a directory holds, in order: every file and directory below it
// that could be asked for by name by the same client, each directory before what is in it, names by
// UTF-16 code units. What may not be served (hidden, special, links that lead out)
// is left out, as it is from listings. A directory that several links lead to comes
// once: else links could make a tree without end out of a few.

import type { DirectoryNames, Names } from '../../hub/catalogue/directory-names.ts';
import type { OpenDirectory, OpenFile, Root, Segments } from '../../root/root.ts';
import { Refusal } from '../../runtime/refusal.ts';

export interface ArchiveEntry {
  /** Relative to the archive's top, with that top's name before it; '/' between the names. */
  readonly path: string;
  /** Open until the next entry is asked for. */
  readonly opened: OpenFile | OpenDirectory;
}

export interface Walk {
  readonly root: Root;
  readonly directories: DirectoryNames;
  /** Whether a file is for whoever asks, or a directory may lead to one that is. */
  readonly shows: (segments: readonly string[], isDirectory: boolean) => boolean;
  readonly signal: AbortSignal;
}

const NO_NAMES = { directories: [], files: [] };

/** @param top what the archive's paths begin with. @throws what the signal holds */
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
  // Those that are kept for all who ask, never copied: an archive is read for as long as its client likes.
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
    // Gone, or not to be served; what says that the server is at its end is thrown.
    if (error instanceof Refusal && !error.isPassing) return undefined;
    throw error;
  }
}
