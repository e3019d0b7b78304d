// A peer of this process, on a link of its own, for as long as something is done with it.
import { ProcessLink } from '../link/process-link.ts';
import { Peer } from '../peer/peer.ts';
import type { PeerOptions } from '../peer/peer-options.ts';
import { userDirectory } from '../runtime/node/user-directory.ts';
import { tunePeer } from '../runtime/node/v8-flags.ts';
import type { Policy } from '../swarm/policy.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Entry } from './entry.ts';

/** Where events go, and what ends it. */
export interface Run {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** The name of the signal that aborted, if one did. */
  stoppedBy(): string | undefined;
}

export interface PeerChoice
  extends Entry,
    Pick<PeerOptions, 'maxConnections' | 'other' | 'onSent'> {
  readonly listen?: readonly string[] | undefined;
  readonly mdns: boolean;
  /** Whether it listens where any machine that has a route can call it. */
  readonly isOpen?: boolean;
  /** Whether a router is asked to pass a port on to it. */
  readonly mapsPort?: boolean | undefined;
  /** PeerIds with whom alone content is exchanged, as the set is at each moment; by default anybody. */
  readonly circle?: ReadonlySet<string> | undefined;
  /** Directory of identities; by default one of the user. */
  readonly data?: string | undefined;
  readonly uplink?: number | 'auto' | undefined;
  readonly downlink?: number | undefined;
  readonly policy?: Policy | undefined;
}

/** @returns what `use` returns, once the peer has ended. @throws what `use` throws */
export async function withPeer<T>(
  choice: PeerChoice,
  { emit, stoppedBy }: Run,
  use: (peer: Peer) => Promise<T>,
): Promise<T> {
  tunePeer();
  const { uplink, downlink, data, listen, policy, joins, ...rest } = choice;
  const link = new ProcessLink(emit, {
    uplinkBytesPerSecond: uplink === 'auto' ? undefined : uplink,
    downlinkBytesPerSecond: downlink,
  });
  const peer = await Peer.start({
    ...rest,
    joins: joins.towards,
    ...(listen ? { listen } : {}),
    ...(policy ? { policy } : {}),
    link,
    adaptsUplink: uplink === 'auto',
    dataDir: data ?? userDirectory('data'),
    emit,
  });
  let isDone = false;
  try {
    const result = await use(peer);
    isDone = true;
    return result;
  } finally {
    await peer.stop();
    link.close();
    // A failure has a line of its own.
    emit({ event: 'stopped', reason: stoppedBy() ?? (isDone ? 'done' : 'failed') });
  }
}
