// Fetches a small file of a mirror by one request: its own bytes are all that is needed to verify it.
import type { Link } from '../../link/link.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import type { RemoteFile } from './remote/remote-tree.ts';
import { isContentOf, MOST_SMALL_BYTES, smallCidOf } from './small-file.ts';

export interface SmallFetch {
  readonly http: HttpClient;
  readonly link: Link;
  readonly signal: AbortSignal;
}

/**
 * The bytes; undefined if the file is not small, or the answer is not what was listed: then it is to
 * be fetched with all patience.
 *
 * @throws the signal's reason
 */
export async function fetchSmall(
  file: RemoteFile,
  { http, link, signal }: SmallFetch,
): Promise<Uint8Array | undefined> {
  if (!smallCidOf(file)) return undefined;
  let body: Uint8Array;
  try {
    body = await http.getBytes(file.url, MOST_SMALL_BYTES, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailure) return undefined;
    throw error;
  }
  if (!isContentOf(file, body)) return undefined;
  await link.receive(body.length, signal);
  return body;
}
