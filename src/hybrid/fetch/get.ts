// Fetches what a person gave, whatever it is: by HTTP as `hubswarm client get` does, or from the swarm
// as `hubswarm peer --get` does (way.ts decides).
import { HubswarmError } from '../../runtime/errors.ts';
import { looksLikePhrase } from '../phrase/code-phrase.ts';
import type { Run } from '../with-peer.ts';
import { getFiles, getTree } from './by-http.ts';
import type { GetOptions } from './get-options.ts';
import { parseThing } from './thing.ts';
import { decideWay, type SwarmWay, type Way } from './way.ts';

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
  if (way.kind !== 'content' || urls.length === 0) return fromSwarm(way, options, run);
  const { getFromBoth } = await import('./get-from-both.ts');
  const isThere = await getFromBoth(way, options, run);
  // What it names has been told of.
  const callable = { ...way.callable, passedOver: [] };
  if (!isThere) await fromSwarm({ ...way, callable }, options, run);
}

/** It loads libp2p, which URLs do without. */
async function fromSwarm(way: SwarmWay, options: GetOptions, run: Run): Promise<void> {
  const { getFromSwarm } = await import('./get-from-swarm.ts');
  await getFromSwarm(way, options, run);
}
