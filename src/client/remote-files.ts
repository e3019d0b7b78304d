// What a hub has below a URL, by its listings. A server that lists nothing has
// nothing, as far as this knows: then every file is sent.

import type { Access } from './access.ts';
import { HttpClient } from './http-client.ts';
import type { Listing } from './list.ts';
import { readDirectory } from './read-directory.ts';
import { SourceFailure } from './source-failure.ts';

export interface RemoteFile {
  readonly size: number | undefined;
  readonly cid: string | undefined;
}

export interface RemoteTree {
  /** By path below the URL, decoded. */
  readonly files: ReadonlyMap<string, RemoteFile>;
  readonly directories: readonly string[];
}

interface Basis {
  /** Ends in '/'. */
  readonly url: URL;
  readonly stallMs: number;
  readonly access?: Access | undefined;
  readonly signal: AbortSignal;
}

/**
 * @param wanted the directories of interest, decoded; '' for the URL itself
 * @param all look into every directory that is found, not only those
 * @throws SourceFailure
 */
export async function listRemote(
  basis: Basis,
  wanted: ReadonlySet<string>,
  all: boolean,
): Promise<RemoteTree> {
  const http = new HttpClient(basis);
  const files = new Map<string, RemoteFile>();
  const directories: string[] = [];
  try {
    const above = ancestors(wanted);
    const left = [''];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      for (const entry of (await entriesIfAny(http, basis, path)) ?? []) {
        const { name, type, size, cid } = entry;
        const inside = path === '' ? name : `${path}/${name}`;
        if (type === 'file') files.set(inside, { size, cid });
        else {
          directories.push(inside);
          if (all || above.has(inside)) left.push(inside);
        }
      }
    }
  } finally {
    http.close();
  }
  return { files, directories };
}

/** Each of the paths, and the directories on the way to it. */
function ancestors(paths: ReadonlySet<string>): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    const segments = path.split('/');
    for (let end = 1; end <= segments.length; end++) all.add(segments.slice(0, end).join('/'));
  }
  return all;
}

/** Undefined when there is no such directory, or no listing of it. */
async function entriesIfAny(
  http: HttpClient,
  { url, signal }: Basis,
  path: string,
): Promise<Listing['entries'] | undefined> {
  const target = new URL(url);
  if (path !== '') target.pathname += `${path.split('/').map(encodeURIComponent).join('/')}/`;
  try {
    return await readDirectory(http, target, signal);
  } catch (error) {
    if (error instanceof SourceFailure && NO_LISTING.has(error.status ?? 0)) return undefined;
    throw error;
  }
}

const NO_LISTING = new Set([404, 405]);
