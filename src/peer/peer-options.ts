// What a peer is made of and told: the options of Peer.start().
import type { Message } from '../exchange/wire/message.ts';
import type { ProcessLink } from '../link/process-link.ts';
import type { Policy } from '../swarm/policy.ts';
import type { SwarmHost } from '../swarm/swarm-host.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Greet } from './calls/node-network.ts';
import type { NodeOptions } from './node/node.ts';
import type { OtherContent } from './on-demand.ts';
import type { PassageOptions } from './passage/passage.ts';
import type { SwarmKey } from './private/swarm-key.ts';

export interface PeerOptions extends PassageOptions {
  dataDir: string;
  /** The option that names it, for messages; --data if left out. */
  dataOption?: string;
  /** Addresses to listen at; by default as peer/discovery/listening.ts decides. */
  listen?: readonly string[];
  /** The multiaddrs that will be joined: they decide where this peer listens. */
  joins?: readonly string[];
  mdns?: boolean;
  /** Whether it listens where any machine that has a route can call it. */
  isOpen?: boolean;
  /** Most connections at once; libp2p's own limit if left out. */
  maxConnections?: number | undefined;
  /** Told of each piece that was sent: of which content, as it was shared, and how many bytes. */
  onSent?: SwarmHost['onSent'];
  /** The link of the process. The caller closes it after the peer has stopped. */
  link: ProcessLink;
  /** Whether its uplink's cap follows the rate that the line carries without a queue. */
  adaptsUplink?: boolean;
  policy?: Policy;
  /** Whether a message of the exchange may leave; false drops it. For experiments. */
  maySend?(message: Message): boolean;
  /** Whether an address may be dialled, and a connection from it be taken; all by default. */
  allowsAddress?: NodeOptions['allowsAddress'];
  /** The private swarm that it belongs to; an open one if left out. */
  swarmKey?: SwarmKey | undefined;
  /** PeerIds of those to whom alone it may be connected; anybody if left out. */
  allowed?: readonly string[] | undefined;
  /**
   * PeerIds with whom alone content is exchanged, as the set is at each moment: nobody else learns
   * what is here. With anybody if left out.
   */
  circle?: ReadonlySet<string> | undefined;
  /**
   * Brings a connected peer into the circle, before it is called or asked; throws if it stays a
   * stranger. Without it nobody outside the circle is called.
   */
  knock?: Greet | undefined;
  /** What this peer answers for beside what it shares and fetches itself. */
  other?: OtherContent | undefined;
  emit: Emit;
}
