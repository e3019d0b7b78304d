// What a hub's directory holds, all the way down, read from its listings page by page.
// Names come from a remote and become names on this disk, so each must be one plain
// name: nothing that leads elsewhere, nothing hidden (a hub lists none), nothing twice.
// The URL of an entry is made from its name; what the listing says of it is not used.
import { HubswarmError } from '../runtime/errors.ts';
import type { HttpClient } from './http-client.ts';
import { readDirectory } from './read-directory.ts';
import { showUrl } from './url.ts';

export interface RemoteFile {
  /** Relative, with '/'. */
  readonly path: string;
  readonly url: URL;
  readonly bytes: number;
  /** As far as the hub knows it already. */
  readonly cid: string | undefined;
}

export interface RemoteTree {
  readonly files: readonly RemoteFile[];
  /** Relative, parents first; without the root. */
  readonly directories: readonly string[];
}

/** Chosen: a quarter of a GiB of memory at the most. */
const MAX_ENTRIES = 500_000;
/** Chosen: deeper than people nest. */
const MAX_DEPTH = 64;
/** PATH_MAX of Linux leaves room for what it is joined to. */
const MAX_PATH_BYTES = 3000;
/** NAME_MAX is 255 bytes; a partial's name is longer by 14. */
const MAX_NAME_BYTES = 240;

/** On Windows these too separate or name a device or a stream. */
const FORBIDDEN = process.platform === 'win32' ? /[/\\:\p{Cc}]/u : /[/\p{Cc}]/u;

/** @throws HubswarmError ERR_REMOTE when a listing is missing, cut off or not safe to follow */
export async function readRemoteTree(
  http: HttpClient,
  root: URL,
  signal: AbortSignal,
): Promise<RemoteTree> {
  const files: RemoteFile[] = [];
  const directories: string[] = [];
  const left: { url: URL; path: string; depth: number }[] = [{ url: root, path: '', depth: 0 }];
  for (let next = left.shift(); next; next = left.shift()) {
    const { url, path, depth } = next;
    if (depth > MAX_DEPTH) throw refusal(url, `is more than ${MAX_DEPTH} directories deep`);
    const taken = new Set<string>();
    for (const entry of await readDirectory(http, url, signal)) {
      const { name, type, size, cid } = entry;
      checkName(url, name, taken);
      const below = path === '' ? name : `${path}/${name}`;
      if (Buffer.byteLength(below) > MAX_PATH_BYTES) throw refusal(url, 'holds too long a path');
      if (files.length + directories.length >= MAX_ENTRIES) {
        throw refusal(root, `holds more than ${MAX_ENTRIES} files and directories`);
      }
      if (type === 'directory') {
        directories.push(below);
        left.push({
          url: childUrl(url, `${encodeURIComponent(name)}/`),
          path: below,
          depth: depth + 1,
        });
      } else {
        const child = childUrl(url, encodeURIComponent(name));
        files.push({ path: below, url: child, bytes: size ?? 0, cid });
      }
    }
  }
  return { files, directories };
}

function childUrl(directory: URL, escaped: string): URL {
  const url = new URL(directory);
  url.search = '';
  url.pathname = directory.pathname + escaped;
  return url;
}

function checkName(directory: URL, name: string, taken: Set<string>): void {
  const shown = JSON.stringify(name);
  if (name === '' || name.startsWith('.') || FORBIDDEN.test(name)) {
    throw refusal(directory, `holds the name ${shown}, which is not safe to write`);
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw refusal(directory, 'holds too long a name');
  if (taken.has(name)) throw refusal(directory, `holds the name ${shown} twice`);
  taken.add(name);
}

function refusal(url: URL, reason: string): HubswarmError {
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason}`);
}
