// A hub that is also a peer: one link, one catalogue. Its peer seeds the files that the hub may give
// to anybody, is a way into the swarm and a server of its DHT. It fetches nothing.

import type { HubInSwarm } from '../api/about-hub.ts';
import type { Access } from '../hub/access/access.ts';
import { normalAddress } from '../hub/access/address-rules.ts';
import type { HubSwarm, SwarmContext } from '../hub/swarm/hub-swarm.ts';
import type { Caps } from '../link/link.ts';
import type { ProcessLink } from '../link/process-link.ts';
import { believe, ipOf } from '../peer/address/scope.ts';
import type { Guide } from '../peer/discovery/guide.ts';
import { Peer, type PeerOptions } from '../peer/peer.ts';
import type { SwarmKey } from '../peer/private/swarm-key.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Scope } from '../runtime/node/scope.ts';
import { Announcements } from './announcements.ts';
import { Changes } from './changes.ts';
import { HubContent, MOST_FILES } from './hub-content.ts';
import { keepRendezvous } from './phrase/rendezvous.ts';

export interface HubPeerOptions {
  /** The link of the process, which the hub uses as well. */
  readonly link: ProcessLink;
  readonly dataDir: string;
  readonly listen: readonly string[];
  /** Peers, and hubs, to join through. */
  readonly joins: readonly (string | Guide)[];
  /** The private swarm that it belongs to; an open one if left out. */
  readonly swarmKey?: SwarmKey | undefined;
}

/** A caller without a token, of whom nothing is known. */
const ANYBODY = { rights: undefined, credential: undefined, page: undefined, isPassedOn: false };

export class HubPeer implements HubSwarm {
  readonly #peer: Peer;
  readonly #isPrivate: boolean;
  readonly #leaving = new AbortController();

  private constructor(peer: Peer, isPrivate: boolean) {
    this.#peer = peer;
    this.#isPrivate = isPrivate;
  }

  /** Resolves when the peer listens and the root is watched. @throws as Peer.start() */
  static async open(options: HubPeerOptions, context: SwarmContext): Promise<HubPeer> {
    const { access, catalogue, events, emit } = context;
    let announcements: Announcements | undefined;
    const content = new HubContent({
      mayTell: (place) => access.allows(ANYBODY, 'read', place),
      clock: systemClock,
      onCame: (cid) => announcements?.add(cid),
      onGone: (cid) => announcements?.remove(cid),
      onFull: () =>
        emit({
          event: 'warned',
          message: `--swarm: the swarm gets ${MOST_FILES} files and no more`,
        }),
    });
    const { joins, swarmKey, ...rest } = options;
    const allowsAddress = allowsBy(access);
    const peer = await Peer.start({
      ...rest,
      dataOption: '--swarm-data',
      swarmKey,
      other: content,
      emit,
      ...(allowsAddress && { allowsAddress }),
    });
    announcements = new Announcements(peer.discovery);
    await keepRendezvous(peer);
    const hubPeer = new HubPeer(peer, swarmKey !== undefined);
    try {
      const changes = new Changes(catalogue, content);
      await events.follow((change) => changes.handleChange(change));
      hubPeer.#join(joins);
      return hubPeer;
    } catch (error) {
      await hubPeer.close();
      throw error;
    }
  }

  told(asker: Scope): HubInSwarm {
    const addresses = believe(this.#peer.addresses, asker).map(({ multiaddr }) => `${multiaddr}`);
    return { peer: this.#peer.peerId, addresses, ...(this.#isPrivate && { private: true }) };
  }

  /** Changes the caps of the link, for HTTP and the swarm together. */
  limit(caps: Caps): void {
    this.#peer.limit(caps);
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    await this.#peer.stop();
  }

  #join(joins: HubPeerOptions['joins']): void {
    // It ends with the peer, and with nothing else.
    if (joins.length > 0) this.#peer.join(joins, this.#leaving.signal).catch(() => {});
  }
}

/** The hub's rules for addresses hold in the swarm; undefined if there are none. */
function allowsBy({ addresses }: Access): PeerOptions['allowsAddress'] {
  if (!addresses) return undefined;
  return (address) => {
    // A name may lead to any address.
    const ip = ipOf(address);
    return ip !== undefined && addresses.admits(normalAddress(ip));
  };
}
