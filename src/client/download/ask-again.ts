// Asks whether a file that was downloaded before has changed. Only a clear no counts. Any other
// answer, or a late one, is left to the download.

import type { CID } from 'multiformats/cid';
import { askHead } from '../http/ask-head.ts';
import type { HttpClient } from '../http/http-client.ts';
import { namedCid } from '../http/names-cid.ts';
import { showUrl } from '../http/url.ts';
import type { DownloadRecords, Known } from './download-records.ts';

interface Asked {
  readonly urls: readonly URL[];
  readonly output?: string | undefined;
  readonly cid?: CID | undefined;
  readonly signal: AbortSignal;
}

/** Asks the servers of an earlier download whether the file is still the one that is here. */
export async function findUnchanged(
  http: HttpClient,
  records: DownloadRecords,
  { urls, output, cid, signal }: Asked,
): Promise<Known | undefined> {
  for (const url of urls) {
    const known = await records.find(showUrl(url), output);
    const answer = known && (await askHead(http, { url, headers: known.headers, signal }));
    // RFC 9110 section 15.4.5.
    if (answer?.status !== 304) continue;
    if (!cid || namedCid(answer.headers)?.equals(cid)) return known;
  }
  return undefined;
}
