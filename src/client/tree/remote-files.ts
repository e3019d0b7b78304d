// Lists the files of a hub below a URL. A server without listings counts as empty: then every file
// is sent. Links to directories are never entered: their content lies elsewhere, perhaps outside of
// the URL. A name there in another Unicode spelling (NFC, NFD) than here is listed as it is spelled
// here, unless both are there: the hub finds it under either.

import { parseIsoDate } from '../../api/file-attributes.ts';
import type { FileAttributes } from '../../content/attributes.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { PatientListing } from './remote/patient-listing.ts';
import { type ReadDirectory, readDirectory } from './remote/read-directory.ts';
import { TreeBound } from './remote/tree-bound.ts';
import { withAncestors } from './tree-path.ts';

export interface RemoteFile extends FileAttributes {
  readonly size: number | undefined;
  readonly cid: string | undefined;
  /** Whether the name is a link to the file. */
  readonly isLink: boolean;
}

export interface RemoteTree {
  /** Files by their path below the URL, decoded. */
  readonly files: ReadonlyMap<string, RemoteFile>;
  readonly directories: readonly string[];
  /** When each directory that was entered was last changed, in ms since the epoch; '' for the top. */
  readonly times: ReadonlyMap<string, number>;
  /** Links to directories; they are neither in `directories` nor in `files`. */
  readonly links: ReadonlySet<string>;
  /** Directories that hold more than is listed, or may. */
  readonly partial: ReadonlySet<string>;
  /** Whether the server has listings. */
  readonly isListed: boolean;
}

interface Basis {
  /** URL of a directory; ends in '/'. */
  readonly url: URL;
  readonly stallMs: number;
  readonly minBytesPerSecond?: number | undefined;
  readonly access?: Access | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Called for a directory that cannot be listed: its content stays unknown. */
  readonly onRefused: (path: string, reason: string) => void;
}

/** PATH_MAX of Linux: no hub has longer ones. */
const MAX_PATH_LENGTH = 4096;

/**
 * @param wanted paths of interest: those that are directories are entered
 * @param all enter every directory that is found, not only those
 * @throws SourceFailure
 */
export async function listRemote(
  basis: Basis,
  wanted: Iterable<string>,
  all: boolean,
): Promise<RemoteTree> {
  const http = new HttpClient(basis);
  const listing = new PatientListing({ ...basis, http, timeoutMs: basis.stallMs });
  const files = new Map<string, RemoteFile>();
  const directories: string[] = [];
  const times = new Map<string, number>();
  const links = new Set<string>();
  const partial = new Set<string>();
  const bound = new TreeBound();
  let isListed = false;
  try {
    const above = withAncestors(wanted);
    const spelledHere = new Map([...above].map((path) => [path.normalize('NFC'), path]));
    const left = [''];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const read = (await readIfAny(listing, basis, path)) ?? UNLISTED;
      const { entries, isIncomplete } = read;
      const changedMs = parseIsoDate(read.modified);
      if (changedMs !== undefined) times.set(path, changedMs);
      if (path === '') isListed = entries !== undefined;
      if (isIncomplete) partial.add(path);
      const listed = new Set(entries?.map(({ name }) => inDirectory(path, name)));
      for (const entry of entries ?? []) {
        const { name, type, size, cid, modified, executable = false, link: isLink = false } = entry;
        // Deletions use this name: it must be one plain name.
        if (/^\.{0,2}$|\/|\p{Cs}/u.test(name)) throw refusal('lists a name that is none');
        const own = inDirectory(path, name);
        const here = above.has(own) ? own : (spelledHere.get(own.normalize('NFC')) ?? own);
        const inside = listed.has(here) ? own : here;
        if (inside.length > MAX_PATH_LENGTH) throw refusal('lists directories without end');
        if (!bound.takes(inside)) throw refusal('lists too many files, or too long paths');
        if (type === 'file') {
          const modifiedMs = parseIsoDate(modified);
          files.set(inside, { size, cid, isLink, modifiedMs, executable });
        } else if (isLink) links.add(inside);
        else {
          directories.push(inside);
          if (all || above.has(inside)) left.push(inside);
        }
      }
    }
  } finally {
    http.close();
  }
  return { files, directories, times, links, partial, isListed };
}

const inDirectory = (path: string, name: string): string =>
  path === '' ? name : `${path}/${name}`;

const refusal = (reason: string): SourceFailure => new SourceFailure(reason, { final: true });

/** Of a directory that is not listed nothing is known. */
const UNLISTED = { entries: undefined, isIncomplete: true, modified: undefined };

/** Undefined if there is no such directory, or no listing of it. */
async function readIfAny(
  listing: PatientListing,
  { url, signal, onRefused }: Basis,
  path: string,
): Promise<ReadDirectory | undefined> {
  const target = new URL(url);
  if (path !== '') target.pathname += `${path.split('/').map(encodeURIComponent).join('/')}/`;
  try {
    return await readDirectory(listing, target);
  } catch (error) {
    signal.throwIfAborted();
    const status = error instanceof SourceFailure ? error.status : undefined;
    if (NO_LISTING.has(status ?? 0)) return undefined;
    if (path === '' || listing.isGone || !(error instanceof HubswarmError)) throw error;
    onRefused(path, `could not be listed: ${error.message}`);
    return undefined;
  }
}

const NO_LISTING = new Set([404, 405]);
