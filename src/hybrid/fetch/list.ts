// What is in a directory, without its content: a hub's listing, or the manifest that peers give.
import type { ForeignListing } from '../../api/listing.ts';
import { fetchListing, inNaturalOrder } from '../../client/tree/remote/list.ts';
import type { Manifest } from '../../content/manifest.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { compareNaturally } from '../../runtime/natural-order.ts';
import type { Entry } from '../entry.ts';
import type { Run } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';
import type { Way } from './way.ts';

export type ListOptions = Entry &
  Pick<GetOptions, 'data' | 'access'> & {
    /** Milliseconds without an answer. */
    readonly timeoutMs: number;
    readonly minBytesPerSecond: number;
  };

/** @throws HubswarmError ERR_REMOTE, ERR_TIMEOUT, ERR_NOT_FOUND */
export async function list(way: Way, options: ListOptions, run: Run): Promise<ForeignListing> {
  if (way.kind === 'content') {
    const { findInSwarm } = await import('./get-from-swarm.ts');
    const { manifest, name } = await findInSwarm(way, options, run);
    return listingOf(manifest, name);
  }
  if (way.kind === 'phrase') {
    const message = `${way.phrase.text} gives its content once; fetch it with hubswarm get`;
    throw new HubswarmError('ERR_USAGE', message);
  }
  const url = way.kind === 'tree' ? way.url : way.urls[0]!;
  const access = await options.access([url]);
  const limits = { stallMs: options.timeoutMs, minBytesPerSecond: options.minBytesPerSecond };
  return inNaturalOrder(await fetchListing(url, limits, run.signal, access), url);
}

/** The entries right below the root, directories first; of a file itself. */
export function listingOf(manifest: Manifest, name: string): ForeignListing {
  const { kind, files, directories, links = [] } = manifest;
  const path = kind === 'directory' ? `${name}/` : name;
  if (kind === 'file') {
    return { path, entries: [entry(name, 'file', manifest.geometry.totalLength)] };
  }
  const sizes = new Map(directories.filter(isTop).map((each) => [each, 0]));
  for (const file of files) {
    const top = file.path.split('/')[0]!;
    if (top !== file.path) sizes.set(top, (sizes.get(top) ?? 0) + file.length);
  }
  const inside = [
    ...files
      .filter((file) => isTop(file.path))
      .map((file) => entry(file.path, 'file', file.length)),
    ...links
      .filter((link) => isTop(link.path))
      .map((link) => ({ ...entry(link.path, 'file'), link: true })),
  ];
  const byName = <T extends { readonly name: string }>(a: T, b: T): number =>
    compareNaturally(a.name, b.name);
  const above = [...sizes].map(([each, bytes]) => entry(each, 'directory', bytes));
  return { path, entries: [...above.sort(byName), ...inside.sort(byName)] };
}

const isTop = (path: string): boolean => !path.includes('/');

function entry(name: string, type: 'file' | 'directory', size?: number) {
  const url = `${encodeURIComponent(name)}${type === 'directory' ? '/' : ''}`;
  return { name, type, url, ...(size === undefined ? {} : { size }) };
}
