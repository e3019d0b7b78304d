// Fetches a file that has a CID and URLs: from the web servers and from the swarm at once. Who needs a
// token or a password for it gets it from the servers, and from peers that the hub has admitted: what
// came from there must go to nobody else in a swarm, also not from a partial file.
import { hasCode } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import { tellPassedOver, withLinks } from '../links/with-links.ts';
import type { Run } from '../with-peer.ts';
import { fileOptionsOf, getFiles } from './by-http.ts';
import type { GetOptions } from './get-options.ts';
import { getWithSwarm } from './get-with-swarm.ts';
import { guardedUrl } from './given-to-anybody.ts';
import type { Way } from './way.ts';

/** Of the servers: the swarm may do without them. */
const OF_SOURCES = ['ERR_NO_SOURCE', 'ERR_REMOTE', 'ERR_MANIFEST'] as const;

/** @returns whether it is there; if not, the swarm alone is left. @throws HubswarmError */
export async function getFromBoth(
  { urls, target: { cid }, callable }: Extract<Way, { kind: 'content' }>,
  options: GetOptions,
  run: Run,
): Promise<boolean> {
  const { signal } = run;
  tellPassedOver(callable, run);
  const access = await options.access(urls);
  const guarded = await guardedUrl({ urls, access }, cid, signal);
  const { data, swarmKey, allowed, lingerMs } = options;
  try {
    // A pipe takes its bytes in order, which a swarm does not bring.
    if (options.out === '-') await getFiles(urls, options, run, cid);
    else {
      await getWithSwarm(await fileOptionsOf(urls, options, run, cid), {
        dataDir: data ?? userDirectory('data'),
        joins: withLinks(options.joins, callable),
        swarmKey,
        allowed,
        lingerMs,
      });
    }
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (guarded || !OF_SOURCES.some((code) => hasCode(error, code))) throw error;
    return false;
  }
}
