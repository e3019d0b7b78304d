// Answers GET and HEAD of a directory: its listing as JSON or as a page (RFC 9110 section 12.5.1),
// or its content as an archive. A listing's tag is the hash of its text, so it changes with the
// listing. The text is compressed for clients that accept it.
import { createHash } from 'node:crypto';
import { ownView } from '../../hub/access/own-view.ts';
import { openDirectory, withOpen } from '../../root/opened.ts';
import type { Segments } from '../../root/root.ts';
import { showJson } from '../../runtime/shown-text.ts';
import type { Held } from '../answer/held-bytes.ts';
import { REVALIDATE, type Representation } from '../answer/representation.ts';
import { sendRepresentation } from '../answer/send-representation.ts';
import { answerArchive } from '../archive/archive-response.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { acceptedCodings } from '../message/accept-encoding.ts';
import { targetPath, targetQuery } from '../message/request-path.ts';
import { entriesOf, listDirectory } from './listing.ts';
import type { ListingHub } from './listing-hub.ts';
import { listingPage, PAGE_POLICY } from './listing-page.ts';
import { MAX_LIMIT, parseListingQuery } from './listing-query.ts';
import { ListingReferences } from './references.ts';

/** Entries of a page for a browser. Chosen: as many as a person scrolls through. */
const PAGE_ENTRIES = 200;
/** Most of them. Chosen: as many as a browser lays out at once. */
const MAX_PAGE_ENTRIES = 1000;

/**
 * @param prefersHtml whether Accept prefers HTML; used if the query names no form.
 * @throws Refusal, HttpFailure
 */
export async function answerDirectory(
  whole: ListingHub,
  conversation: Conversation,
  segments: readonly string[],
  prefersHtml: boolean,
): Promise<void> {
  const hub = ownView(whole, conversation.caller, 'read');
  hub.access.checkListing(conversation.caller, segments);
  const params = targetQuery(conversation.req.url ?? '');
  const archive = params.get('archive');
  if (archive !== null) return answerArchive(hub, conversation, segments, archive);
  const query = parseListingQuery(params);
  const references = new ListingReferences(targetPath(conversation.target), query);
  const asPage = query.format === undefined ? prefersHtml : query.format === 'html';
  // A person reads page by page; what crawls for a program may not find the next one.
  const isRead = asPage && /\btext\/html\b/i.test(conversation.req.headers.accept ?? '');
  const limit = isRead
    ? Math.min(query.limit ?? PAGE_ENTRIES, MAX_PAGE_ENTRIES)
    : (query.limit ?? MAX_LIMIT);
  const takesFiles = showsForm(hub, conversation, segments);
  let next: string | undefined;
  const { text, held } = await withOpen(openDirectory(hub.root, segments), async (directory) => {
    const shows = hub.access.isPublic
      ? undefined
      : (entry: readonly string[]) => hub.access.shows(conversation.caller, entry);
    const isPart = hub.access.leads(conversation.caller, segments);
    const { signal } = conversation;
    const { directories, listings } = hub.representations;
    const names = await directories.of(directory, signal);
    const wanted = { ...query, limit };
    const lane = listings.laneOf(entriesOf(names, wanted, shows !== undefined));
    return lane.make(conversation, async () => {
      const shelves = { ...hub, isForPeople: asPage, shows, isPart, references, signal };
      const listing = await listDirectory(shelves, directory, names, segments, wanted);
      next = listing.next;
      return Buffer.from(
        asPage
          ? listingPage(listing, query, references, takesFiles)
          : `${showJson(JSON.stringify(listing))}\n`,
      );
    });
  });
  const headers = {
    'Content-Type': asPage ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    ...(asPage ? { 'Content-Security-Policy': PAGE_POLICY } : {}),
    ...(next === undefined ? {} : { Link: `<${next}>; rel="next"` }),
  };
  try {
    await sendText(hub, conversation, text, held, headers);
  } finally {
    held.release();
  }
}

/** Whether the caller may store files there. An edge passes no form on. */
function showsForm({ access }: ListingHub, { caller, req }: Conversation, segments: Segments) {
  const mayWrite = access.isWritable && access.allows(caller, 'write', segments);
  return mayWrite && req.headers.via === undefined;
}

async function sendText(
  hub: ListingHub,
  conversation: Conversation,
  text: Uint8Array,
  held: Held,
  headers: Representation['headers'],
): Promise<void> {
  const { compress, compressor } = hub.representations;
  const hash = createHash('sha256').update(text).digest('base64url');
  const [coding] = compress
    ? acceptedCodings(conversation.req.headers['accept-encoding']?.toString())
    : [];
  const coded =
    coding && compressor.takes(text.length)
      ? await compressor.compress(hash, coding, async () => text)
      : undefined;
  const etag = coded ? `W/"${hash}-${coding}"` : `"${hash}"`;
  const cacheHeaders = {
    ETag: etag,
    'Cache-Control': REVALIDATE,
    Vary: compress ? 'Accept, Accept-Encoding' : 'Accept',
  };
  const representation = {
    size: (coded ?? text).length,
    validators: { etag },
    cacheHeaders,
    headers: { ...headers, ...cacheHeaders, ...(coded ? { 'Content-Encoding': coding } : {}) },
    rangeable: false,
  };
  const outlet = { conversation, link: hub.link };
  await sendRepresentation(outlet, representation, (_whole, begin) => {
    begin();
    return held.send(outlet, coded ?? text);
  });
}
