// Fetches from the swarm: through the addresses of links, or whoever is found without.
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import type { Peer } from '../../peer/peer.ts';
import type { Event } from '../../telemetry/event.ts';
import type { Callable } from '../links/callable.ts';
import { type Run, withPeer } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';
import type { Way } from './way.ts';

type Content = Extract<Way, { kind: 'content' }>;

/** Ends when it is complete, and those can do without it that it served. */
export async function getFromSwarm(way: Content, options: GetOptions, run: Run): Promise<void> {
  await joined(way.callable, options, run, (peer) => fetch(peer, way, options, run));
}

/** What decides whom a peer finds. */
type Reach = Pick<GetOptions, 'joins' | 'data' | 'uplink' | 'downlink'>;

/** A peer that has begun to join. Without an address it looks on this machine and on the LAN. */
async function joined<T>(
  { addresses, passedOver }: Callable,
  { joins: given, ...choice }: Reach,
  run: Run,
  use: (peer: Peer) => Promise<T>,
): Promise<T> {
  for (const address of passedOver) {
    const message = `the link names ${address}, which is not called: a link comes from anybody; --join names it`;
    run.emit({ event: 'warned', message });
  }
  const joins = [...given, ...addresses];
  const emit = (event: Event): void => {
    // The LAN is asked too, and has a line of its own.
    if (event.event !== 'peers_awaited' || event.lack !== 'known') run.emit(event);
  };
  const { data, uplink, downlink } = choice;
  const mdns = joins.length === 0;
  return withPeer({ data, uplink, downlink, joins, mdns }, { ...run, emit }, (peer) => {
    // It ends with the peer, and with nothing else.
    peer.join(joins, run.signal).catch(() => {});
    return use(peer);
  });
}

async function fetch(
  peer: Peer,
  { target }: Content,
  options: GetOptions,
  { emit, signal }: Run,
): Promise<void> {
  const { out, force, timeoutMs = Number.POSITIVE_INFINITY, lingerMs } = options;
  const { path } = target;
  let { cid } = target;
  const onFound = (found: CID): void => {
    cid = found;
  };
  await peer.get(cid, { out, force, path, timeoutMs, signal, onFound });
  try {
    if (lingerMs > 0) {
      emit({ event: 'seeding_started', cid: cid.toString() });
      await delay(lingerMs, undefined, { signal });
    }
    await peer.part(cid, signal);
  } catch (error) {
    // Whoever ends it now has what was fetched.
    if (!signal.aborted) throw error;
  }
}
