// Fetches what a person gave, whatever it is: by HTTP as `hubswarm client get` does, or from the swarm
// as `hubswarm peer --get` does (way.ts decides).
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import { looksLikePhrase } from '../phrase/code-phrase.ts';
import type { Run } from '../with-peer.ts';
import { getFiles, getTree } from './by-http.ts';
import type { GetOptions } from './get-options.ts';
import { parseThing } from './thing.ts';
import { decideWay, type Way } from './way.ts';

/** @throws HubswarmError ERR_USAGE for what is wrong with what was given, before anything is started */
export async function wayOf(things: readonly string[]): Promise<Way> {
  // Typed with blanks, a phrase is several arguments.
  const spoken = things.join(' ');
  return decideWay(
    await Promise.all((looksLikePhrase(spoken) ? [spoken] : things).map(parseThing)),
  );
}

/** @throws HubswarmError */
export async function get(way: Way, options: GetOptions, run: Run): Promise<void> {
  if (way.kind === 'tree') return getTree(way.url, options, run);
  const urls = way.kind === 'phrase' ? [] : way.urls;
  if (options.wants && urls.length > 0) {
    throw new HubswarmError('ERR_USAGE', '--select: a URL of a file has nothing to select from');
  }
  if (way.kind === 'files') return getFiles(urls, options, run);
  if (way.kind === 'content' && urls.length > 0 && (await isThereByHttp(way, options, run))) return;
  const { getFromSwarm } = await import('./get-from-swarm.ts');
  await getFromSwarm(way, options, run);
}

async function isThereByHttp(
  { urls, target }: Extract<Way, { kind: 'content' }>,
  options: GetOptions,
  run: Run,
): Promise<boolean> {
  try {
    await getFiles(urls, options, run, target.cid);
    return true;
  } catch (error) {
    run.signal.throwIfAborted();
    const isOfSource = ['ERR_NO_SOURCE', 'ERR_REMOTE', 'ERR_MANIFEST'] as const;
    if (!isOfSource.some((code) => hasCode(error, code))) throw error;
    return false;
  }
}
