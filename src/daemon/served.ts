// The files that the daemon answers for, while nobody asks: an entry of a map each. The swarm of a file
// begins with the first question (peer/on-demand.ts). Directories are served at once, since the peer
// answers for what lies inside them as well.
import type { CID } from 'multiformats/cid';
import { FileStore } from '../disk/file-store.ts';
import type { Content, OtherContent } from '../peer/on-demand.ts';
import { isOver, type Share, toImported } from './share.ts';
import type { ShareIndex } from './share-index.ts';

export class Served implements OtherContent {
  /** Chosen: each holds a file open. */
  readonly mostSwarms = 256;
  readonly #index: ShareIndex;

  constructor(index: ShareIndex) {
    this.#index = index;
  }

  has(digest: Uint8Array): boolean {
    return this.#index.withDigest(digest).some(isServed);
  }

  find(cid: CID): Content | undefined {
    const all = this.#index.of(cid).filter(isServed);
    const share = all.find(({ state }) => state === 'shared') ?? all[0];
    if (!share) return undefined;
    const imported = toImported(share);
    return { store: FileStore.share(imported), name: share.name, dag: imported.dag };
  }
}

const isServed = (share: Share): boolean => share.kind === 'file' && !isOver(share);
