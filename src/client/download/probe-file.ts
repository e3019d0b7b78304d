// The first question for a file. A hub answers the name of a directory with its page. Who asks for a
// file does not mean that page: it would lie under the directory's name.
import { HubswarmError, reworded } from '../../runtime/errors.ts';
import { askHead } from '../http/ask-head.ts';
import type { HttpClient } from '../http/http-client.ts';
import { pathOnHub } from '../http/hub-url.ts';
import { isPending } from '../http/names-cid.ts';
import { showUrl } from '../http/url.ts';
import { hintOfFiles } from '../mirrors/hub-hint.ts';
import { type ProbeContext, type Probed, probeMirrors } from '../mirrors/probe.ts';

/**
 * Returns the mirrors that answered, as probeMirrors() does.
 *
 * @throws HubswarmError ERR_NO_SOURCE if none answered, ERR_USAGE for a hub's directory
 */
export async function probeFile(
  context: ProbeContext,
  urls: readonly URL[],
): Promise<readonly Probed[]> {
  const { http, signal } = context;
  const probed = await probeMirrors(context, urls).catch(async (error: unknown) => {
    const hint = await hintOfFiles(http, urls[0]!, error);
    throw hint === undefined ? error : reworded(error, (what) => `${what}: ${hint}`);
  });
  await refuseDirectory(http, probed[0]!, signal);
  return probed;
}

/**
 * A hub names no CID for a page, and answers JSON to who wants that. With a slash at the end the
 * page is what was asked for.
 *
 * @throws HubswarmError ERR_USAGE for a directory
 */
async function refuseDirectory(
  http: HttpClient,
  { url, headers, cid }: Probed,
  signal: AbortSignal,
): Promise<void> {
  const mayBe = pathOnHub(url) !== undefined && !url.pathname.endsWith('/');
  if (!mayBe || cid || isPending(headers) || !isOf(headers, 'text/html')) return;
  const answer = await askHead(http, { url, headers: { accept: 'application/json' }, signal });
  if (answer?.status !== 200 || !isOf(answer.headers, 'application/json')) return;
  const shown = showUrl(url);
  const how = `-r fetches what is in it (client get -r ${shown} DIR), ${shown}/ its page`;
  throw new HubswarmError('ERR_USAGE', `${shown}: is a directory; ${how}`);
}

const isOf = (headers: ReadonlyMap<string, string>, type: string): boolean =>
  headers.get('content-type')?.toLowerCase().startsWith(type) ?? false;
