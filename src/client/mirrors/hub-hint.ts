// What helps where a hub has nothing at a URL that leaves out /files/.
import { ABOUT_HUB_PATH, aboutHubSchema } from '../../api/about-hub.ts';
import type { HttpClient } from '../http/http-client.ts';
import { pathOnHub, routeUrl } from '../http/hub-url.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';

/** A hub tells less than this of itself. Chosen. */
const MAX_BYTES = 64 * 1024;
/** Chosen: it is only a hint. */
const WITHIN_MS = 3000;

/** Where to look instead; undefined unless a hub answered 404 for a URL beside its files. */
export async function hintOfFiles(
  http: HttpClient,
  url: URL,
  error: unknown,
): Promise<string | undefined> {
  const failure = error instanceof SourceFailure ? error : (error as { cause?: unknown }).cause;
  const isMissing = failure instanceof SourceFailure && failure.status === 404;
  if (!isMissing || pathOnHub(url) !== undefined) return undefined;
  const { pathname } = url;
  const place = new URL(url);
  try {
    const about = routeUrl(url, ABOUT_HUB_PATH);
    const bytes = await http.getBytes(about, MAX_BYTES, AbortSignal.timeout(WITHIN_MS));
    aboutHubSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return undefined;
  }
  place.pathname = `/files${pathname}`;
  return `a hub's files are below /files/, as in ${showUrl(place)}`;
}
