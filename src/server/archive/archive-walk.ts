// Yields the entries of an archive in order: every file and directory below a directory that the
// same client could ask for by name. Each directory comes before its entries; names are sorted by
// UTF-16 code units. Entries that may not be served (hidden, special, links that lead out) are left
// out, as in listings. A directory that several names lead to comes once: otherwise a few links
// could make a tree without end. It comes under its real name if the archive has that, else under
// the first link to it. An entry that should be there and is left out ends nothing: it is noted as
// missing.
import type { DirectoryNames, Names } from '../../hub/catalogue/directory-names.ts';
import type { OpenDirectory, OpenFile, Root, Segments } from '../../root/root.ts';
import { systemCode } from '../../runtime/errors.ts';
import { Refusal } from '../../runtime/refusal.ts';
import { fileChunks } from '../answer/file-chunks.ts';
import type { ArchiveEntry } from './archive-entry.ts';
import type { MissingEntries } from './missing-entries.ts';

export interface Walk {
  readonly root: Pick<Root, 'open'>;
  readonly directories: DirectoryNames;
  /** Whether the caller may read a file, or a directory may lead to one that it may read. */
  readonly shows: (segments: readonly string[], isDirectory: boolean) => boolean;
  readonly missing: MissingEntries;
  readonly signal: AbortSignal;
}

interface Place {
  readonly segments: Segments;
  /** Path in the archive. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/** @param top beginning of all paths in the archive. @throws what the signal holds */
export async function* walkArchive(
  walk: Walk,
  segments: readonly string[],
  top: string,
): AsyncGenerator<ArchiveEntry> {
  yield* walkOne(walk, { segments, path: top, isDirectory: true }, new DirectoryPaths(top));
}

/** The path in the archive at which each directory comes, by its real place. */
class DirectoryPaths {
  readonly #top: string;
  #real: string | undefined;
  readonly #taken = new Map<string, string>();

  constructor(top: string) {
    this.#top = top;
  }

  /** Takes a directory for that path. Returns the other path at which it comes, if it does. */
  take({ place }: OpenDirectory, path: string): string | undefined {
    const real = place.join('/');
    this.#real ??= real;
    const own = this.#inside(real);
    if (own !== undefined) return own === path ? undefined : own;
    const taken = this.#taken.get(real);
    if (taken === undefined) this.#taken.set(real, path);
    return taken;
  }

  /** The path of a place below the top's own: the walk comes there without a link. */
  #inside(real: string): string | undefined {
    const top = this.#real!;
    if (real === top) return this.#top;
    const above = top === '' ? '' : `${top}/`;
    return real.startsWith(above) ? `${this.#top}/${real.slice(above.length)}` : undefined;
  }
}

async function* walkOne(
  walk: Walk,
  place: Place,
  paths: DirectoryPaths,
): AsyncGenerator<ArchiveEntry> {
  walk.signal.throwIfAborted();
  const opened = await attempt(walk, place, () => walk.root.open(place.segments));
  if (!opened) return;
  let names: Names | undefined;
  try {
    if (!walk.shows(place.segments, opened.kind === 'directory')) return;
    if (opened.kind === 'directory') {
      const other = paths.take(opened, place.path);
      if (other !== undefined) {
        walk.missing.note(place.path, `is the same directory as ${other}`);
        return;
      }
      names = await attempt(walk, place, () => namesIn(walk, place, opened));
    }
    yield { path: place.path, version: opened.version, chunks: () => chunksOf(opened) };
  } finally {
    await opened.close();
  }
  if (!names) return;
  // Uses the lists that all requests share, and never copies them: an archive is read for as long
  // as its client likes.
  for (const list of [names.directories, names.files]) {
    const isDirectory = list === names.directories;
    for (const name of list) {
      const inside = [...place.segments, name];
      yield* walkOne(walk, { segments: inside, path: `${place.path}/${name}`, isDirectory }, paths);
    }
  }
}

async function namesIn(walk: Walk, { path }: Place, directory: OpenDirectory): Promise<Names> {
  const names = await walk.directories.of(directory, walk.signal);
  if (names.truncated) walk.missing.note(path, 'has more names than are read');
  if (names.unnameable > 0) {
    walk.missing.note(path, `names in it that no URL gives back: ${names.unnameable}`);
  }
  return names;
}

async function* chunksOf(opened: OpenFile | OpenDirectory): AsyncGenerator<Uint8Array> {
  if (opened.kind === 'file') yield* fileChunks(opened);
}

/**
 * Undefined if the entry is gone, may not be served, or cannot be read; the last is noted.
 *
 * @throws errors that say that the hub is out of resources, or that the client is gone
 */
async function attempt<T>(
  walk: Walk,
  { segments, path, isDirectory }: Place,
  body: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    walk.signal.throwIfAborted();
    if (error instanceof Refusal && error.isPassing) throw error;
    const cause = error instanceof Refusal ? error.cause : error;
    // What the hub refuses by itself, it lists nowhere.
    if (error instanceof Refusal && (error.code === 'ERR_NOT_FOUND' || cause === undefined))
      return undefined;
    if (systemCode(cause) === undefined) throw error;
    const reason = error instanceof Refusal ? error.message : 'this server cannot read it';
    if (walk.shows(segments, isDirectory)) walk.missing.note(path, reason);
    return undefined;
  }
}
