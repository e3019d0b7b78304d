// Whether a file is anybody's to read: a swarm gives to strangers what a server may give only to those
// who show a token or a password.
import type { CID } from 'multiformats/cid';
import type { Access } from '../../client/http/access.ts';
import { askHead } from '../../client/http/ask-head.ts';
import { HttpClient } from '../../client/http/http-client.ts';
import { namedCid } from '../../client/http/names-cid.ts';

/** Chosen: the download waits for it. */
const STALL_MS = 3000;

/**
 * The first URL to which credentials are sent, unless some URL gives the same root without any.
 *
 * @throws the signal's reason
 */
export async function guardedUrl(
  { urls, access }: { readonly urls: readonly URL[]; readonly access?: Access | undefined },
  root: CID,
  signal: AbortSignal,
): Promise<URL | undefined> {
  const guarded = urls.find((url) => access?.authorization(url) !== undefined);
  if (!access || !guarded) return undefined;
  const http = new HttpClient({ stallMs: STALL_MS, access: access.anonymous() });
  try {
    const answers = await Promise.all(urls.map((url) => askHead(http, { url, signal })));
    const isGiven = answers.some(
      (answer) => answer?.status === 200 && namedCid(answer.headers)?.equals(root),
    );
    return isGiven ? undefined : guarded;
  } finally {
    http.close();
  }
}
