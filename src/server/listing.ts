// What a directory holds, for programs (JSON) and for the page. The JSON is
//   { "path": "/files/dir/", "truncated": false, "entries": [
//     { "name", "type": "file" | "directory", "url",
//       "size": bytes (files), "modified": ISO 8601, "cid": root CID when known } ] }
// with directories first, then by name. `url` is a path on this server. Left out:
// hidden names, names that are not UTF-8 or hold a backslash (no URL names them),
// special files, and links that lead to any of these or out of the root.
import type { Stats } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalogue } from './catalogue.ts';
import { httpFailure } from './http-failure.ts';
import { filesUrl, isHidden } from './request-path.ts';
import type { Opened, ServedRoot } from './served-root.ts';

export interface ListedEntry {
  readonly name: string;
  readonly type: 'file' | 'directory';
  readonly url: string;
  readonly size?: number;
  readonly modified: string;
  readonly cid?: string;
}

export interface Listing {
  /** Escaped, ends in a slash. */
  readonly path: string;
  /** There are more entries than are listed. */
  readonly truncated: boolean;
  readonly entries: readonly ListedEntry[];
}

/** Chosen: some 3 MB of JSON. */
const MAX_ENTRIES = 10_000;
/** Chosen: as many calls as the thread pool of Node.js has threads. */
const STATS_AT_ONCE = 4;

/** @param shows whether an entry is for whoever asks */
export async function listDirectory(
  hub: { root: ServedRoot; catalogue: Catalogue },
  directory: Opened,
  segments: readonly string[],
  shows: (segments: readonly string[]) => boolean,
): Promise<Listing> {
  const shown = (name: string): boolean => shows([...segments, name]);
  const { names, truncated } = await readNames(directory.path, shown);
  const entries: ListedEntry[] = [];
  for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
    const some = names.slice(at, at + STATS_AT_ONCE);
    const found = await Promise.all(
      some.map(async (name) => {
        const path = join(directory.path, name);
        const seen = await look(hub.root, path);
        return seen && describe(hub.catalogue, [...segments, name], seen);
      }),
    );
    entries.push(...found.filter((entry) => entry !== undefined));
  }
  const path = segments.length === 0 ? '/files/' : `${filesUrl(segments)}/`;
  return { path, truncated, entries: entries.sort(byTypeAndName) };
}

async function readNames(
  path: string,
  shown: (name: string) => boolean,
): Promise<{ names: string[]; truncated: boolean }> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(path)) {
      if (isHidden(name) || name.includes('\\') || name.includes('\ufffd')) continue;
      if (!shown(name)) continue;
      if (names.length === MAX_ENTRIES) return { names, truncated: true };
      names.push(name);
    }
  } catch (error) {
    throw httpFailure(error);
  }
  return { names, truncated: false };
}

interface Seen {
  readonly path: string;
  readonly stats: Stats;
}

async function look(root: ServedRoot, path: string): Promise<Seen | undefined> {
  try {
    const real = await realpath(path);
    return root.holds(real) ? { path: real, stats: await stat(real) } : undefined;
  } catch {
    // It vanished, or is a link to nothing.
    return undefined;
  }
}

function describe(
  catalogue: Catalogue,
  segments: readonly string[],
  { path, stats }: Seen,
): ListedEntry | undefined {
  const name = segments.at(-1)!;
  const url = filesUrl(segments);
  const modified = stats.mtime.toISOString();
  if (stats.isDirectory()) return { name, type: 'directory', url: `${url}/`, modified };
  if (!stats.isFile()) return undefined;
  const cid = catalogue.known(path, stats)?.cid;
  const { size } = stats;
  return { name, type: 'file', url, size, modified, ...(cid === undefined ? {} : { cid }) };
}

function byTypeAndName(a: ListedEntry, b: ListedEntry): number {
  if (a.type !== b.type) return a.type === 'directory' ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
