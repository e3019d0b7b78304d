// What a hub has below a URL, by its listings. A server that lists nothing has
// nothing, as far as this knows: then every file is sent.
import { HttpClient } from './http-client.ts';
import { type Listing, MAX_LISTING_BYTES, parseListing } from './list.ts';
import type { Transport } from './send-request.ts';
import { SourceFailure, statusFailure } from './source-failure.ts';

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
  readonly transport?: Transport | undefined;
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
  const http = new HttpClient({ stallMs: basis.stallMs });
  const files = new Map<string, RemoteFile>();
  const directories: string[] = [];
  try {
    const above = ancestors(wanted);
    const left = [''];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const listing = await fetchIfAny(http, basis, path);
      if (all && listing?.truncated) {
        throw new SourceFailure('lists only part of a directory: cannot tell what to delete', {
          final: true,
        });
      }
      for (const { name, type, size, cid } of listing?.entries ?? []) {
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
async function fetchIfAny(
  http: HttpClient,
  { url, transport, signal }: Basis,
  path: string,
): Promise<Listing | undefined> {
  const target = new URL(url);
  if (path !== '') target.pathname += `${path.split('/').map(encodeURIComponent).join('/')}/`;
  const headers = { accept: 'application/json', ...transport?.headers };
  const response = await http.request({ method: 'GET', url: target, headers, signal });
  const { status } = response;
  if (status !== 200) {
    response.discard();
    if (status === 404 || status === 405) return undefined;
    throw statusFailure(status, response.headers.get('retry-after'));
  }
  const parts: Uint8Array[] = [];
  let bytes = 0;
  await response.pump((chunk) => {
    bytes += chunk.length;
    if (bytes > MAX_LISTING_BYTES) throw new SourceFailure('sent a listing that is too long');
    parts.push(chunk.slice());
    return undefined;
  });
  return parseListing(Buffer.concat(parts));
}
