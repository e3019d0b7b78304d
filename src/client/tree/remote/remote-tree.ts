// Reads a hub's directory, all the way down, from its listings. Names come from a remote and become
// names on this disk, so each must be one plain name. Another name (that leads elsewhere, is hidden, or
// comes twice) is no hub's: it is told and passed over, and the directory may hold more. A name that cannot
// be written on this system, a directory whose listing cannot be read, and a link that leads back to
// a directory above it, are kept apart with the reason: their content is unknown. The URL of an
// entry is made from its name and the URL at which redirects let the listing be found; the URL in
// the entry is not used.
//
// A hub does not tell where a link leads. A directory above, reached again, has the same listing.

import { createHash } from 'node:crypto';
import { parseIsoDate } from '../../../api/file-attributes.ts';
import type { ForeignListing } from '../../../api/listing.ts';
import type { FileAttributes } from '../../../content/attributes.ts';
import { HubswarmError } from '../../../runtime/errors.ts';
import { showUrl } from '../../http/url.ts';
import { PatientListing, type PatientListingOptions } from './patient-listing.ts';
import { type ReadDirectory, readDirectory } from './read-directory.ts';
import { TreeBound } from './tree-bound.ts';

export interface RemoteFile extends FileAttributes {
  /** Relative path, with '/'. */
  readonly path: string;
  readonly url: URL;
  readonly bytes: number | undefined;
  /** The CID; undefined if the hub has not hashed the file yet. */
  readonly cid: string | undefined;
}

/** A URL takes ten times the memory of a name, so it is made when it is asked for. */
class ListedFile implements RemoteFile {
  readonly path: string;
  readonly bytes: number | undefined;
  readonly cid: string | undefined;
  readonly modifiedMs: number | undefined;
  readonly executable: boolean | undefined;
  /** URL of its directory. */
  readonly #directory: URL;

  constructor(path: string, directory: URL, entry: ForeignListing['entries'][number]) {
    this.path = path;
    this.bytes = entry.size;
    this.cid = entry.cid;
    this.modifiedMs = parseIsoDate(entry.modified);
    this.executable = entry.executable;
    this.#directory = directory;
  }

  get url(): URL {
    return childUrl(
      this.#directory,
      encodeURIComponent(this.path.slice(this.path.lastIndexOf('/') + 1)),
    );
  }
}

export interface RemoteTree {
  readonly files: readonly RemoteFile[];
  /** Relative paths, parents first, without the root. */
  readonly directories: readonly string[];
  /** When each directory was last changed, in ms since the epoch, as far as it is told; '' for the root. */
  readonly times: ReadonlyMap<string, number>;
  /** Paths whose content is unknown, with all below them, and why. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Directories ('' for the root) that may hold more than was listed. */
  readonly partial: ReadonlySet<string>;
  /** Whether every directory was listed: what is in no listing does not exist then. */
  readonly isComplete: boolean;
}

/** Deepest directory. Chosen: ten times as deep as people make them. */
const MAX_DEPTH = 256;
/** PATH_MAX of Linux: no hub has longer ones. */
const MAX_PATH_BYTES = 4096;
/** NAME_MAX of Linux and macOS. */
const MAX_NAME_BYTES = 255;

/** On Windows these have a meaning, or are in no name. */
const FORBIDDEN = process.platform === 'win32' ? /[\\:\p{Cc}]/u : undefined;

interface Place {
  readonly url: URL;
  /** '' for the root. */
  readonly path: string;
  readonly depth: number;
  /** Whether a link is on the way from the root. */
  readonly isLinked: boolean;
  readonly above: Listed | undefined;
}

/** A directory on the way to another. */
interface Listed {
  /** Hash of its listing. */
  readonly shape: string;
  readonly above: Listed | undefined;
}

/** @throws SourceFailure; HubswarmError ERR_REMOTE when the root, or no hub, is listed so */
export async function readRemoteTree(
  options: PatientListingOptions,
  root: URL,
): Promise<RemoteTree> {
  const reading = new Reading(options);
  await reading.run(root);
  return reading;
}

class Reading implements RemoteTree {
  readonly files: RemoteFile[] = [];
  readonly directories: string[] = [];
  readonly times = new Map<string, number>();
  readonly unknown = new Map<string, string>();
  readonly partial = new Set<string>();
  isComplete = true;
  readonly #bound = new TreeBound();
  readonly #listing: PatientListing;
  readonly #signal: AbortSignal;

  constructor(options: PatientListingOptions) {
    this.#listing = new PatientListing(options);
    this.#signal = options.signal;
  }

  async run(root: URL): Promise<void> {
    const left: Place[] = [{ url: root, path: '', depth: 0, isLinked: false, above: undefined }];
    for (let place = left.pop(); place; place = left.pop()) {
      const { url, entries } = await this.#list(place);
      const here = { shape: shapeOf(entries), above: place.above };
      if (place.isLinked && isBelowItself(here)) {
        this.unknown.set(place.path, 'a link on its way leads back to a directory above it');
        continue;
      }
      if (place.path !== '') this.directories.push(place.path);
      const taken = new Set<string>();
      for (const entry of entries) {
        const { name } = entry;
        const reason = taken.has(name) ? 'comes twice in its listing' : reasonToDrop(name);
        if (reason !== undefined) {
          this.#drop(place, name, reason);
          continue;
        }
        taken.add(name);
        const inside = this.#take({ ...place, url }, here, entry);
        if (inside) left.push(inside);
      }
    }
  }

  /**
   * Lists one directory. One that cannot be listed is empty and noted with its reason; the root must
   * answer.
   */
  async #list({ url, path, depth }: Place): Promise<Pick<ReadDirectory, 'url' | 'entries'>> {
    try {
      if (depth > MAX_DEPTH) throw refusal(url, `is more than ${MAX_DEPTH} directories deep`);
      const read = await readDirectory(this.#listing, url);
      const { isIncomplete, modified } = read;
      if (path === '') this.#noteTime(path, modified);
      if (isIncomplete) this.partial.add(path);
      return read;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (depth === 0 || this.#listing.isGone || !(error instanceof HubswarmError)) throw error;
      this.isComplete = false;
      this.unknown.set(path, `could not be listed: ${error.message}`);
      return { url, entries: [] };
    }
  }

  #noteTime(path: string, modified: string | undefined): void {
    const ms = parseIsoDate(modified);
    if (ms !== undefined) this.times.set(path, ms);
  }

  /** Tells of a name that no hub lists, and may be none of a file here. */
  #drop(place: Place, name: string, reason: string): void {
    const shown = `"${name.slice(0, MAX_NAME_BYTES).replaceAll('/', '%2F').replaceAll('\0', '%00')}"`;
    const path = place.path === '' ? shown : `${place.path}/${shown}`;
    if (!this.#bound.takes(path)) throw refusal(place.url, 'is part of too large a tree');
    this.partial.add(place.path);
    this.unknown.set(path, reason);
  }

  /** Takes one entry. Returns the directory that is still to be read, if it is one. */
  #take(place: Place, above: Listed, entry: ForeignListing['entries'][number]): Place | undefined {
    const { name, type, modified, link = false } = entry;
    const path = place.path === '' ? name : `${place.path}/${name}`;
    if (!this.#bound.takes(path)) throw refusal(place.url, 'is part of too large a tree');
    const reason = reasonToLeave(name, path);
    if (reason !== undefined) {
      this.unknown.set(path, reason);
      return undefined;
    }
    if (type === 'file') {
      this.files.push(new ListedFile(path, place.url, entry));
      return undefined;
    }
    this.#noteTime(path, modified);
    const url = childUrl(place.url, `${encodeURIComponent(name)}/`);
    return { url, path, depth: place.depth + 1, isLinked: place.isLinked || link, above };
  }
}

/** Tells listings apart. A CID may come between two readings, so it does not count. */
function shapeOf(entries: ForeignListing['entries']): string {
  const hash = createHash('sha256');
  for (const { name, type, size, modified, link } of entries) {
    hash.update(JSON.stringify([name, type, size, modified, link]));
  }
  return hash.digest('base64');
}

function isBelowItself({ shape, above }: Listed): boolean {
  for (let each = above; each; each = each.above) if (each.shape === shape) return true;
  return false;
}

function childUrl(directory: URL, escaped: string): URL {
  const url = new URL(directory);
  url.pathname = directory.pathname + escaped;
  return url;
}

function reasonToDrop(name: string): string | undefined {
  const isPlain = name !== '' && !name.startsWith('.') && !/[/\0]/.test(name);
  return isPlain ? undefined : 'its name is not safe to write';
}

function reasonToLeave(name: string, path: string): string | undefined {
  // Half of a surrogate pair: no URL can carry it.
  if (/\p{Cs}/u.test(name)) return 'its name is not Unicode';
  if (FORBIDDEN?.test(name)) return 'a control character is in its name';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return 'its name is too long';
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? 'its path is too long' : undefined;
}

function refusal(url: URL, reason: string): HubswarmError {
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason}`);
}
