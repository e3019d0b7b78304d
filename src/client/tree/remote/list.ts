// Fetches a hub's directory listing, and checks it.
import { type ForeignListing, foreignListingSchema } from '../../../api/listing.ts';
import { HubswarmError } from '../../../runtime/errors.ts';
import { compareNaturally } from '../../../runtime/natural-order.ts';
import type { Access } from '../../http/access.ts';
import { HttpClient, type HttpClientOptions } from '../../http/http-client.ts';
import { SourceFailure } from '../../http/source-failure.ts';
import { showUrl } from '../../http/url.ts';
import { hintOfFiles } from '../../mirrors/hub-hint.ts';
import { isBounded } from './json-bound.ts';

/** Chosen: some 50,000 entries. */
const MAX_LISTING_BYTES = 16 * 2 ** 20;

/** @throws HubswarmError ERR_REMOTE if there is no listing at that URL */
export async function fetchListing(
  url: URL,
  limits: Pick<HttpClientOptions, 'stallMs' | 'minBytesPerSecond'>,
  signal: AbortSignal,
  access?: Access,
): Promise<ForeignListing> {
  const http = new HttpClient({ ...limits, access });
  try {
    return (await getListing(http, url, signal)).listing;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceFailure)) throw error;
    const reasons = [showUrl(url), error.message, await hintOfFiles(http, url, error)];
    const message = reasons.filter((each) => each !== undefined).join(': ');
    throw new HubswarmError('ERR_REMOTE', message, { cause: error });
  } finally {
    http.close();
  }
}

/** One page of a listing. */
export interface ListingPage {
  /** Where it was found: redirects may have led elsewhere. */
  readonly url: URL;
  readonly listing: ForeignListing;
}

/** @throws SourceFailure */
export async function getListing(
  http: HttpClient,
  url: URL,
  signal: AbortSignal,
): Promise<ListingPage> {
  // Ask for the present state: it decides what is sent, fetched or deleted.
  const headers = { accept: 'application/json', 'cache-control': 'no-cache' };
  const found = await http.getPlaced(url, MAX_LISTING_BYTES, signal, headers);
  return { url: found.url, listing: parseListing(found.bytes) };
}

export function parseListing(bytes: Uint8Array): ForeignListing {
  if (!isBounded(bytes)) throw notOfHub();
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    const reason = 'answered with no JSON: it is not the listing of a hub';
    throw new SourceFailure(reason, { final: true, cause });
  }
  const found = foreignListingSchema.safeParse(value);
  if (!found.success) throw notOfHub();
  const { entries } = value as { readonly entries: readonly unknown[] };
  const isWhole = found.data.entries.length === entries.length;
  return isWhole ? found.data : { ...found.data, incomplete: true };
}

const notOfHub = (): SourceFailure =>
  new SourceFailure('answered with JSON that is not the listing of a hub', { final: true });

const isDirectory = ({ type }: ForeignListing['entries'][number]): boolean => type === 'directory';

/**
 * The listing in the order of people: directories first, then by name. Programs' order ends pages,
 * so it is of this page only. An order that the URL asks for stays.
 */
export function inNaturalOrder(listing: ForeignListing, url: URL): ForeignListing {
  if (url.searchParams.has('sort') || url.searchParams.has('order')) return listing;
  const entries = listing.entries.toSorted(
    (a, b) => Number(isDirectory(b)) - Number(isDirectory(a)) || compareNaturally(a.name, b.name),
  );
  return { ...listing, entries };
}
