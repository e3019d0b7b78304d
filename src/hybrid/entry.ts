// How a peer comes into a swarm, and whom it may meet there: what every command that starts one lets
// its user say.
import type { Access } from '../client/http/access.ts';
import type { Guide } from '../peer/discovery/guide.ts';
import type { SwarmKey } from '../peer/private/swarm-key.ts';
import type { HubGuide } from './hub-guide.ts';

/** Hubs, asked as nobody: what comes from them is given to anybody. */
export interface JoinedHubs {
  readonly guides: readonly HubGuide[];
  readonly access: Access;
}

/** Peers and hubs through which a swarm is joined. */
export interface Joins {
  /** For Peer.join(). */
  readonly through: readonly (string | Guide)[];
  /** Multiaddrs that lead there: they decide where a peer listens. */
  readonly towards: readonly string[];
  readonly hubs?: JoinedHubs | undefined;
}

export interface Entry {
  readonly joins: Joins;
  /** The private swarm that it belongs to; an open one if left out. */
  readonly swarmKey?: SwarmKey | undefined;
  /** PeerIds of those to whom alone it may be connected; anybody if left out. */
  readonly allowed?: readonly string[] | undefined;
}
