// Asks whether a file that was downloaded before has changed. Only a clear no counts. Any other
// answer, or a late one, is left to the download.

import type { CID } from 'multiformats/cid';
import type { HttpClient } from '../http/http-client.ts';
import { namedCid } from '../http/names-cid.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import type { DownloadRecords, Known } from './download-records.ts';

interface Question {
  readonly url: URL;
  /** Headers to ask with: If-None-Match or If-Modified-Since. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface Asked {
  readonly urls: readonly URL[];
  readonly output?: string | undefined;
  readonly cid?: CID | undefined;
  readonly signal: AbortSignal;
}

/** Chosen: a server that takes longer is asked together with the others. */
const ANSWER_WITHIN_MS = 3000;

/** Asks the servers of an earlier download whether the file is still the one that is here. */
export async function findUnchanged(
  http: HttpClient,
  records: DownloadRecords,
  { urls, output, cid, signal }: Asked,
): Promise<Known | undefined> {
  for (const url of urls) {
    const known = await records.find(showUrl(url), output);
    const answer = known && (await askAgain(http, { url, headers: known.headers, signal }));
    if (answer && (!cid || namedCid(answer)?.equals(cid))) return known;
  }
  return undefined;
}

/** Resolves to the headers of a 304 (RFC 9110 section 15.4.5). */
async function askAgain(
  http: HttpClient,
  { url, headers, signal }: Question,
): Promise<ReadonlyMap<string, string> | undefined> {
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const answer = await http.request({
      method: 'HEAD',
      url,
      headers,
      signal: AbortSignal.any([signal, late]),
    });
    await answer.pump(() => undefined);
    return answer.status === 304 ? answer.headers : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailure || late.aborted) return undefined;
    throw error;
  }
}
