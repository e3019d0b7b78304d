// Port: a hub's part in the swarm. What implements it knows libp2p (src/hybrid/); the hub does not.
import type { HubInSwarm } from '../../api/about-hub.ts';
import type { Challenge, HubAdmission } from '../../api/hub-admission.ts';
import type { Root } from '../../root/root.ts';
import type { Scope } from '../../runtime/node/scope.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { HubEvents } from '../feed/hub-events.ts';

/** The parts of a hub from which its part in the swarm is made. */
export interface SwarmContext {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly access: Access;
  readonly events: HubEvents;
  readonly emit: Emit;
}

/** A caller's wish that a peer may have what the caller may read. */
export interface AdmissionWish {
  readonly caller: Caller;
  /** PeerId. */
  readonly peer: string;
  readonly cid: string;
  /** The challenge of the first answer, and its signature by the peer, base64url. */
  readonly challenge: string | undefined;
  readonly proof: string | undefined;
}

export interface HubSwarm {
  /** How an asker from that scope finds the hub: nobody is told addresses that it cannot call. */
  told(asker: Scope): HubInSwarm;
  /**
   * A challenge for who brings none, an admission for who has signed it; undefined if the caller may
   * read no such file, or the proof is none.
   */
  admit(wish: AdmissionWish): Promise<Challenge | HubAdmission | undefined>;
  /** Leaves the swarm. */
  close(): Promise<void>;
}
