// A hub that is also a peer: one link, one catalogue. Its peer seeds the files that the hub may give
// to anybody, is a way into the swarm and a server of its DHT. It fetches nothing.

import type { HubInSwarm } from '../api/about-hub.ts';
import type { Challenge, HubAdmission } from '../api/hub-admission.ts';
import type { Access } from '../hub/access/access.ts';
import { normalAddress } from '../hub/access/address-rules.ts';
import type { AdmissionWish, HubSwarm, SwarmContext } from '../hub/swarm/hub-swarm.ts';
import type { Caps } from '../link/link.ts';
import type { ProcessLink } from '../link/process-link.ts';
import { believe, ipOf } from '../peer/address/scope.ts';
import { Announcements } from '../peer/discovery/announcements.ts';
import type { Guide } from '../peer/discovery/guide.ts';
import { Peer } from '../peer/peer.ts';
import type { PeerOptions } from '../peer/peer-options.ts';
import type { SwarmKey } from '../peer/private/swarm-key.ts';
import type { Segments } from '../root/root.ts';
import { type Cancel, systemClock } from '../runtime/clock.ts';
import type { Scope } from '../runtime/node/scope.ts';
import { HubAdmissions } from './admission/hub-admissions.ts';
import { Changes } from './changes.ts';
import { HubContent, MOST_FILES } from './hub-content.ts';
import { keepRendezvous } from './phrase/rendezvous.ts';
import { Tiers } from './tiers.ts';

export interface HubPeerOptions {
  /** The link of the process, which the hub uses as well. */
  readonly link: ProcessLink;
  readonly dataDir: string;
  readonly listen: readonly string[];
  /** Peers, and hubs, to join through. */
  readonly joins: readonly (string | Guide)[];
  /** Whether a router is asked to pass a port on to it. */
  readonly mapsPort?: boolean | undefined;
  /** The private swarm that it belongs to; an open one if left out. */
  readonly swarmKey?: SwarmKey | undefined;
  /** What it gives as a relay; it is none if this is left out. */
  readonly relay?: PeerOptions['relay'];
}

/** Time between two looks at whose token has ended. Chosen. */
const LOOK_MS = 1000;

/** A caller without a token, of whom nothing is known. */
const ANYBODY = { rights: undefined, credential: undefined, page: undefined, isPassedOn: false };

export class HubPeer implements HubSwarm {
  readonly #peer: Peer;
  readonly #isPrivate: boolean;
  readonly #admits: boolean;
  readonly #admissions: HubAdmissions;
  readonly #leaving = new AbortController();
  readonly #stopLooking: Cancel;

  private constructor(peer: Peer, isPrivate: boolean, admits: boolean, admissions: HubAdmissions) {
    this.#peer = peer;
    this.#isPrivate = isPrivate;
    this.#admits = admits;
    this.#admissions = admissions;
    this.#stopLooking = systemClock.every(LOOK_MS, 'looking at admissions', () => {
      for (const remote of admissions.lapsed()) peer.cut(remote, 'its admission has ended');
    });
  }

  /** Resolves when the peer listens and the root is watched. @throws as Peer.start() */
  static async open(options: HubPeerOptions, context: SwarmContext): Promise<HubPeer> {
    const { access, catalogue, events, emit } = context;
    let announcements: Announcements | undefined;
    let admissions: HubAdmissions | undefined;
    const onFull = (): void =>
      emit({ event: 'warned', message: `--swarm: the swarm gets ${MOST_FILES} files and no more` });
    const isOpen = (place: Segments): boolean => access.allows(ANYBODY, 'read', place);
    const open = new HubContent({
      mayTell: isOpen,
      clock: systemClock,
      onCame: (cid) => announcements?.add(cid),
      onGone: (cid) => announcements?.remove(cid),
      onFull,
    });
    // The DHT is not told of it.
    const guarded = new HubContent({
      mayTell: (place) => access.takesTokens && !isOpen(place),
      clock: systemClock,
      onCame: () => undefined,
      onGone: () => undefined,
      onFull,
    });
    const content = new Tiers(
      open,
      guarded,
      (digest, remote) => admissions?.opensTo(digest, remote) ?? false,
    );
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
    // A catalogue of thousands is told of by an event of its own.
    const { discovery, clock } = peer;
    announcements = new Announcements({ discovery, clock, emit: () => {} });
    await keepRendezvous(peer);
    admissions = new HubAdmissions({
      hub: peer.peerId,
      sign: (bytes) => peer.sign(bytes),
      access,
      places: (digest) => guarded.places(digest),
      now: Date.now,
    });
    const hubPeer = new HubPeer(peer, swarmKey !== undefined, access.takesTokens, admissions);
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
    const known = { ...(this.#isPrivate && { private: true as const }) };
    const admits = { ...(this.#admits && { admits: true as const }) };
    return { peer: this.#peer.peerId, addresses, ...known, ...admits };
  }

  admit(wish: AdmissionWish): Promise<Challenge | HubAdmission | undefined> {
    return this.#admissions.admit(wish);
  }

  /** Changes the caps of the link, for HTTP and the swarm together. */
  limit(caps: Caps): void {
    this.#peer.limit(caps);
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    this.#stopLooking();
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
