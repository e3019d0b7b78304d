// What one directory of a hub holds, read page by page. The pages come from a remote:
// they must be of the same directory, end, and not be more than memory is for.
import { HubswarmError } from '../runtime/errors.ts';
import type { HttpClient } from './http-client.ts';
import { getListing, type Listing } from './list.ts';
import { showUrl } from './url.ts';

/** Chosen: a quarter of a GiB of memory at the most. */
const MAX_DIRECTORY_ENTRIES = 500_000;

/** Of all its pages. @throws SourceFailure; HubswarmError ERR_REMOTE for one that cannot be trusted */
export async function readDirectory(
  http: HttpClient,
  url: URL,
  signal: AbortSignal,
): Promise<Listing['entries']> {
  const entries: Listing['entries'] = [];
  const seen = new Set<string>();
  for (let page: URL | undefined = url; page; ) {
    seen.add(page.href);
    const listing: Listing = await getListing(http, page, signal);
    entries.push(...listing.entries);
    if (entries.length > MAX_DIRECTORY_ENTRIES)
      throw refusal(url, `holds more than ${MAX_DIRECTORY_ENTRIES} entries`);
    if (listing.next === undefined) {
      if (listing.truncated) throw refusal(url, 'is listed in part only');
      return entries;
    }
    page = nextPage(url, page, listing.next);
    if (!page || seen.has(page.href)) throw refusal(url, 'has a next page that leads elsewhere');
  }
  return entries;
}

/** Only another page of the same directory. */
function nextPage(directory: URL, page: URL, next: string): URL | undefined {
  if (!URL.canParse(next, page.href)) return undefined;
  const url = new URL(next, page.href);
  url.username = page.username;
  url.password = page.password;
  const same = url.origin === directory.origin && url.pathname === directory.pathname;
  return same ? url : undefined;
}

function refusal(url: URL, reason: string): HubswarmError {
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason}`);
}
