// Port: a hub's part in the swarm. What implements it knows libp2p (src/hybrid/); the hub does not.
import type { HubInSwarm } from '../../api/about-hub.ts';
import type { Root } from '../../root/root.ts';
import type { Scope } from '../../runtime/node/scope.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../access/access.ts';
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

export interface HubSwarm {
  /** How an asker from that scope finds the hub: nobody is told addresses that it cannot call. */
  told(asker: Scope): HubInSwarm;
  /** Leaves the swarm. */
  close(): Promise<void>;
}
