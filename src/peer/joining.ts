// How a peer comes to a swarm: through the addresses that it is given, or through the
// peers that its user runs on this machine and those of its last run.
import { setTimeout as delay } from 'node:timers/promises';
import type { Discovery } from './discovery.ts';
import type { Identity } from './identity.ts';
import { readKnownPeers } from './known-peers.ts';
import type { Listening } from './listening.ts';
import type { Node } from './node.ts';
import { REACH, reachOf } from './reach.ts';
import { findLocalPeers } from './run-file.ts';

/** How often peers of this machine and of the last run are looked for while alone. Chosen. */
const REJOIN_MS = 1000;

export interface JoiningInit {
  readonly node: Node;
  readonly discovery: Discovery;
  readonly listening: Listening;
  readonly dataDir: string;
  readonly identity: Identity;
}

export class Joining {
  readonly #init: JoiningInit;

  constructor(init: JoiningInit) {
    this.#init = init;
  }

  /**
   * Joins through these peers; without any, through those on this machine and those
   * of the last run, again and again until one is there.
   *
   * @throws HubswarmError ERR_NO_SOURCE when none of the given answers
   */
  async join(addresses: readonly string[], signal: AbortSignal): Promise<void> {
    if (addresses.length > 0) return this.#init.discovery.join(addresses, signal);
    void this.#joinKnown(signal);
  }

  async #joinKnown(signal: AbortSignal): Promise<void> {
    const { node, discovery, dataDir, identity } = this.#init;
    while (!signal.aborted) {
      const local = await findLocalPeers(dataDir, node.peerId.toString());
      const addresses = [...local, ...(await readKnownPeers(identity.dir))];
      if (addresses.length > 0 && node.getConnections().length === 0) {
        // Peers of the last run may all be gone: that is no error, only no news.
        await discovery.join(addresses, signal).catch(() => {});
        this.#lead();
      }
      await delay(REJOIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Who was known already and answers beyond this machine is to be able to call back. */
  #lead(): void {
    for (const { direction, remoteAddr } of this.#init.node.getConnections()) {
      const reach = reachOf(remoteAddr);
      if (direction === 'inbound' || reach === undefined || reach === REACH.host) continue;
      this.#init.listening.lead(remoteAddr.toString());
    }
  }
}
