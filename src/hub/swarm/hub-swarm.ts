// Port: a hub's part in the swarm, for the faces that tell of it. What implements it knows libp2p
// (src/hybrid/); the hub does not.
import type { HubInSwarm } from '../../api/about-hub.ts';
import type { Scope } from '../../runtime/node/scope.ts';

export interface HubSwarm {
  /** How an asker from that scope finds the hub: nobody is told addresses that it cannot call. */
  told(asker: Scope): HubInSwarm;
  /** Leaves the swarm. */
  close(): Promise<void>;
}
