// Lists a page of a directory, with directories first, in the wanted order. Links that lead out of
// the root or to nothing are left out, as are entries that cannot be served, or that the caller may
// not read where they lie: then the listing is incomplete. The form of its JSON is
// src/api/listing.ts.
import { filesUrl } from '../../api/files-url.ts';
import type { ListedEntry, Listing } from '../../api/listing.ts';
import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import type { Names } from '../../hub/catalogue/directory-names.ts';
import type { OpenDirectory } from '../../root/root.ts';
import { dateOf } from '../../root/version.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { ListingQuery } from './listing-query.ts';
import { inNaturalOrder } from './natural-order.ts';
import type { ListingReferences } from './references.ts';

interface Shelves {
  readonly catalogue: Pick<Catalogue, 'cidOf'>;
  /** Whether the caller may see an entry; absent if all may see all. */
  readonly shows?: ((segments: readonly string[]) => boolean) | undefined;
  /** Whether the caller may see only a part of the directory. */
  readonly isPart?: boolean;
  /** Whether people read it: then names are in natural order. */
  readonly isForPeople?: boolean;
  readonly references: ListingReferences;
  /** Aborts when no request waits for the listing any more. */
  readonly signal: AbortSignal;
}

interface Place {
  readonly catalogue: Pick<Catalogue, 'cidOf'>;
  readonly directory: OpenDirectory;
  readonly references: ListingReferences;
  readonly signal: AbortSignal;
}

/**
 * Entries examined at once. Chosen: twice the threads of Node.js, so that none waits for the event
 * loop.
 */
const STATS_AT_ONCE = 8;
/**
 * Most entries of a listing by size or date, for which every entry is examined. Chosen: about a
 * second.
 */
const MAX_SORTED = 20_000;

/** Number of entries that a listing examines, for its lane. A filter needs only names. */
export function entriesOf(
  { directories, files }: Names,
  { sort, q, limit }: ListingQuery & { readonly limit: number },
  isFiltered: boolean,
): number {
  const all = directories.length + files.length;
  return sort === 'name' && q === '' && !isFiltered ? Math.min(limit, all) : all;
}

/**
 * @param all all names in the directory.
 * @throws Refusal ERR_MALFORMED, ERR_NOT_FOUND, what the file system says, and what the signal
 * holds
 */
export async function listDirectory(
  { catalogue, shows, isPart, isForPeople, references, signal }: Shelves,
  directory: OpenDirectory,
  all: Names,
  segments: readonly string[],
  query: ListingQuery & { readonly limit: number },
): Promise<Listing> {
  const wanted = query.q.toLowerCase();
  const fits = (name: string): boolean =>
    name.toLowerCase().includes(wanted) && (!shows || shows([...segments, name]));
  // Filtering a hundred thousand names takes some 40 ms.
  const fitting = wanted === '' && !shows ? all : filterNames(all, fits);
  const names = isForPeople ? inNaturalOrder(fitting) : fitting;
  const total = names.directories.length + names.files.length;
  const { page, limit } = query;
  const pages = Math.max(1, Math.ceil(total / limit));
  if (page > pages)
    throw new Refusal('ERR_NOT_FOUND', `there is no page ${page}; the last is ${pages}`);
  const place = { catalogue, directory, references, signal };
  const span = { from: (page - 1) * limit, to: page * limit };
  const wantedHere = Math.min(total, span.to) - Math.min(total, span.from);
  const entries =
    query.sort === 'name'
      ? await describeAll(place, spanOf(names, span, query.order))
      : (await sortedByStats(place, names, query)).slice(span.from, span.to);
  const path = segments.length === 0 ? '/files/' : `${filesUrl(segments)}/`;
  const truncated = names.truncated || page < pages;
  const next = page < pages ? references.with({ limit, page: page + 1 }) : undefined;
  const incomplete = isPart || names.unserved > 0 || entries.length < wantedHere;
  const modified = dateOf(directory.version).toISOString();
  return {
    ...{ path, modified, page, pages, total, truncated },
    ...(next === undefined ? {} : { next }),
    ...(incomplete ? { incomplete } : {}),
    entries,
  };
}

function filterNames(names: Names, fits: (name: string) => boolean): Names {
  return {
    directories: names.directories.filter(fits),
    files: names.files.filter(fits),
    truncated: names.truncated,
    unserved: names.unserved,
    unnameable: names.unnameable,
  };
}

/** The names of a page: directories first in every order, without making one list of all. */
function spanOf(
  { directories, files }: Names,
  { from, to }: { from: number; to: number },
  order: 'asc' | 'desc',
): string[] {
  const slice = (list: readonly string[], first: number, end: number): readonly string[] => {
    const [a, b] = [Math.max(0, first), Math.max(0, Math.min(end, list.length))];
    if (order === 'asc') return list.slice(a, b);
    return list.slice(Math.max(0, list.length - b), Math.max(0, list.length - a)).toReversed();
  };
  const skipped = directories.length;
  return [...slice(directories, from, to), ...slice(files, from - skipped, to - skipped)];
}

async function sortedByStats(
  place: Place,
  { directories, files }: Names,
  { sort, order }: ListingQuery,
): Promise<ListedEntry[]> {
  if (directories.length + files.length > MAX_SORTED) {
    throw new Refusal(
      'ERR_MALFORMED',
      `sort: there are more than ${MAX_SORTED} entries; narrow them with q, or sort by name`,
    );
  }
  const sign = order === 'asc' ? 1 : -1;
  const key = ({ size, modified }: ListedEntry): number =>
    sort === 'size' ? (size ?? 0) : Date.parse(modified);
  const compare = (a: ListedEntry, b: ListedEntry): number => {
    if (a.type !== b.type) return a.type === 'directory' ? -1 : 1;
    // The names are sorted already, and sorting keeps the order of equal entries.
    return sign * (key(a) - key(b));
  };
  return (await describeAll(place, [...directories, ...files])).sort(compare);
}

async function describeAll(place: Place, names: readonly string[]): Promise<ListedEntry[]> {
  const entries: (ListedEntry | undefined)[] = new Array(names.length);
  let next = 0;
  const work = async (): Promise<void> => {
    // Each loop ends by itself: none may use the directory once it is closed.
    for (let at = next++; at < names.length && !place.signal.aborted; at = next++) {
      entries[at] = await describeOne(place, names[at]!);
    }
  };
  await Promise.all(Array.from({ length: STATS_AT_ONCE }, work));
  place.signal.throwIfAborted();
  return entries.filter((entry) => entry !== undefined);
}

async function describeOne(place: Place, name: string): Promise<ListedEntry | undefined> {
  const found = await place.directory.look(name);
  if (!found) return undefined;
  const { version } = found;
  const link = found.isLink ? { link: true as const } : {};
  const modified = dateOf(version).toISOString();
  const url = place.references.entry(name, version.kind);
  if (version.kind === 'directory') return { name, type: 'directory', url, modified, ...link };
  const cid = place.catalogue.cidOf(found);
  const { size } = version;
  return {
    name,
    type: 'file',
    url,
    size,
    modified,
    ...(version.executable === true ? { executable: true } : {}),
    ...(cid === undefined ? {} : { cid }),
    ...link,
  };
}
