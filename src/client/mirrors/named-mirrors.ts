// Mirrors of a file that its servers name (RFC 6249). Nobody asked for these, so the client waits
// for them only briefly and does not report their failures.
import { systemClock } from '../../runtime/clock.ts';
import { hasCode } from '../../runtime/errors.ts';
import type { HttpClient } from '../http/http-client.ts';
import { parseDuplicates } from '../http/link-header.ts';
import { showUrl } from '../http/url.ts';
import { Patience } from './fail-over.ts';
import { type ProbeContext, type Probed, probeMirrors } from './probe.ts';
import { isSameFile } from './version.ts';

/** Most named mirrors of all servers together. Chosen. */
const MAX_NAMED = 16;
/** Chosen. */
const NAMED_WITHIN_MS = 2000;

/** The named mirrors that are not known already; notes with the client who named them. */
export function namedMirrors(
  http: HttpClient,
  probed: readonly Probed[],
  known: readonly URL[],
): URL[] {
  const given = new Set(known.map((url) => showUrl(url)));
  const byHref = new Map<string, URL>();
  for (const { headers, finalUrl } of probed) {
    for (const url of parseDuplicates(headers.get('link'), finalUrl)) {
      if (given.has(url.href)) continue;
      http.tellers.handleNamed(url, finalUrl);
      byHref.set(url.href, url);
    }
  }
  return [...byHref.values()].slice(0, MAX_NAMED);
}

/** Asks the named mirrors. Without a CID, keeps only those that prove to have the same file. */
export async function probeNamed(
  context: Omit<ProbeContext, 'patience' | 'emit'>,
  urls: readonly URL[],
  first: Probed,
): Promise<readonly Probed[]> {
  if (urls.length === 0) return [];
  const patience = new Patience(NAMED_WITHIN_MS, systemClock);
  const quiet = { ...context, patience, emit: () => undefined };
  const probed = await probeMirrors(quiet, urls).catch((error: unknown) => {
    if (hasCode(error, 'ERR_NO_SOURCE')) return [];
    throw error;
  });
  return probed.filter((each) => isSameFile(each, first));
}
