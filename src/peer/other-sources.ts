// What a download may fetch from beside peers, which this room does not know: a port.
import type { CID } from 'multiformats/cid';
import type { Swarm } from '../swarm/swarm.ts';
import type { FetchedManifest } from './manifest/manifest-bytes.ts';

export interface OtherSources {
  /**
   * Resolves to a manifest that hashes up to the CID, the leaf if its root is one, and a name, which is
   * a stranger's hint.
   *
   * @throws HubswarmError ERR_MANIFEST when the CID stands for something that is no file or directory;
   * the signal's reason
   */
  find(
    cid: CID,
    signal: AbortSignal,
  ): Promise<Pick<FetchedManifest, 'manifest' | 'dag' | 'rawRoot'> & { readonly hint: string }>;
  /** Takes part in the swarm from now on. */
  join(swarm: Swarm): void;
}
