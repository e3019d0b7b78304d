// Reads one directory of a hub, page by page. The pages come from a remote: they must belong to the
// same directory, come to an end, and fit in memory. A name that comes or goes between two pages
// moves others past the reader. So several pages are believed only when two readings in a row are
// alike.

import { createHash } from 'node:crypto';
import type { ForeignListing } from '../../../api/listing.ts';
import { HubswarmError } from '../../../runtime/errors.ts';
import { showUrl } from '../../http/url.ts';
import type { ListingPage } from './list.ts';
import type { PatientListing } from './patient-listing.ts';

/** Most entries. Chosen: a quarter of a GiB of memory. */
const MAX_DIRECTORY_ENTRIES = 500_000;
/** Most characters of all texts in its entries. Chosen: 256 for each entry. */
const MAX_DIRECTORY_UNITS = 128_000_000;
/** Most pages. Chosen: a hub's pages hold a hundred times more entries than needed. */
const MAX_PAGES = 10_000;
/** Most readings. Chosen: a directory that changes more often than it can be read is given up. */
const MAX_READINGS = 5;

export interface ReadDirectory {
  /** Where its first page was found, ends in '/': redirects may have led elsewhere. */
  readonly url: URL;
  readonly entries: ForeignListing['entries'];
  /** Whether the hub says that it left entries out. */
  readonly isIncomplete: boolean;
  /** When the directory itself was last changed, as its last page says it. */
  readonly modified: string | undefined;
}

interface Pages extends ReadDirectory {
  readonly count: number;
}

/**
 * Reads all pages.
 *
 * @throws SourceFailure; HubswarmError ERR_REMOTE for a listing that cannot be trusted
 */
export async function readDirectory(patient: PatientListing, url: URL): Promise<ReadDirectory> {
  let before: string | undefined;
  for (let reading = 1; reading <= MAX_READINGS; reading++) {
    const now = await readPages(patient, url);
    const names = namesOf(now);
    if (now.count === 1 || names === before) return now;
    before = names;
  }
  throw refusal(url, 'changes while it is listed; try again');
}

/** Tells readings apart, and keeps none of them in memory. */
function namesOf({ entries }: ReadDirectory): string {
  const hash = createHash('sha256');
  for (const { name, type } of entries) hash.update(JSON.stringify([name, type]));
  return hash.digest('base64');
}

async function readPages(patient: PatientListing, asked: URL): Promise<Pages> {
  const entries: ForeignListing['entries'] = [];
  const seen = new Set<string>();
  let isIncomplete = false;
  let modified: string | undefined;
  let units = 0;
  let url = asked;
  for (let page: URL | undefined = asked; page; ) {
    const found: ListingPage = await patient.page(page);
    const { listing } = found;
    if (page === asked) url = directoryOf(found.url);
    seen.add(page.href);
    modified = listing.modified;
    for (const entry of listing.entries) {
      const { name, url: place, modified = '', cid = '' } = entry;
      units += name.length + place.length + modified.length + cid.length;
      entries.push(entry);
    }
    isIncomplete ||= listing.incomplete ?? false;
    if (entries.length > MAX_DIRECTORY_ENTRIES)
      throw refusal(url, `holds more than ${MAX_DIRECTORY_ENTRIES} entries`);
    if (units > MAX_DIRECTORY_UNITS) throw refusal(url, 'is listed with too long names');
    if (listing.next === undefined) {
      if (listing.truncated) throw refusal(url, 'is listed in part only');
      break;
    }
    page = nextPage(url, found.url, listing.next);
    if (listing.entries.length === 0 || seen.size >= MAX_PAGES)
      throw refusal(url, 'is listed in pages without end');
    if (!page || seen.has(page.href)) throw refusal(url, 'has a next page that leads elsewhere');
  }
  return { url, entries, isIncomplete, modified, count: seen.size };
}

function directoryOf(url: URL): URL {
  const directory = new URL(url);
  directory.search = '';
  if (!directory.pathname.endsWith('/')) directory.pathname += '/';
  return directory;
}

/** The next page's URL, if it belongs to the same directory. */
function nextPage(directory: URL, page: URL, next: string): URL | undefined {
  if (!URL.canParse(next, page.href)) return undefined;
  const url = new URL(next, page.href);
  url.username = page.username;
  url.password = page.password;
  const same = url.origin === directory.origin && directoryOf(url).href === directory.href;
  return same ? url : undefined;
}

function refusal(url: URL, reason: string): HubswarmError {
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason}`);
}
