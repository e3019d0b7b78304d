// A peer that has begun to look for content: through the addresses of links, for the sender of a code
// phrase, or without either on this machine and on the LAN.
import type { CidTarget } from '../../content/cid-target.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Policy } from '../../swarm/policy.ts';
import type { Event } from '../../telemetry/event.ts';
import type { Callable } from '../links/callable.ts';
import type { CodePhrase } from '../phrase/code-phrase.ts';
import { type Run, withPeer } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';
import type { SwarmWay } from './way.ts';

/** What decides whom a peer finds. */
export type Reach = Pick<GetOptions, 'joins' | 'data' | 'uplink' | 'downlink'> & {
  readonly policy?: Policy;
  /** Milliseconds to find the sender of a phrase; by default for ever. */
  readonly timeoutMs?: number | undefined;
};

/** What is looked for; a phrase tells it when its sender was found. */
export interface Sought {
  readonly target: CidTarget;
}

type Use<T> = (peer: Peer, sought: Sought) => Promise<T>;

/** @throws HubswarmError ERR_REMOTE when it is the wrong phrase; what `use` throws */
export function joined<T>(way: SwarmWay, reach: Reach, run: Run, use: Use<T>): Promise<T> {
  if (way.kind === 'phrase') return joinedBySaying(way.phrase, reach, run, use);
  return joinedByAddresses(way.callable, reach, run, (peer) => use(peer, way));
}

async function joinedByAddresses<T>(
  { addresses, passedOver }: Callable,
  { joins: given, data, uplink, downlink, policy }: Reach,
  run: Run,
  use: (peer: Peer) => Promise<T>,
): Promise<T> {
  for (const address of passedOver) {
    const way = /^https?:/i.test(address) ? 'give a URL of the file beside it' : '--join names it';
    const message = `the link names ${address}, which is not called: a link comes from anybody; ${way}`;
    run.emit({ event: 'warned', message });
  }
  const joins = [...given, ...addresses];
  const told = { ...run, emit: withoutKnown(run.emit) };
  const choice = { data, uplink, downlink, policy, joins, mdns: joins.length === 0 };
  return withPeer(choice, told, (peer) => use(joining(peer, joins, run)));
}

async function joinedBySaying<T>(
  phrase: CodePhrase,
  { joins, data, uplink, downlink, policy, timeoutMs = Number.POSITIVE_INFINITY }: Reach,
  run: Run,
  use: Use<T>,
): Promise<T> {
  const { Progress, takeByPhrase } = await import('../phrase/by-phrase.ts');
  const circle = new Set<string>();
  const emit = withoutKnown(run.emit);
  // Who could call gets nothing from it.
  const progress = new Progress((event) => event.event !== 'callers_decided' && emit(event));
  const choice = { data, uplink, downlink, policy, joins, mdns: true, circle };
  return withPeer(choice, { ...run, emit: progress.emit }, (peer) =>
    takeByPhrase(
      { peer: joining(peer, joins, run), circle },
      phrase,
      progress,
      (cid) => use(peer, { target: { cid } }),
      { timeoutMs, signal: run.signal },
    ),
  );
}

/** The LAN is asked too, and has a line of its own. */
const withoutKnown =
  (emit: Run['emit']): Run['emit'] =>
  (event: Event) => {
    if (event.event !== 'peers_awaited' || event.lack !== 'known') emit(event);
  };

function joining(peer: Peer, joins: readonly string[], { signal }: Run): Peer {
  // It ends with the peer, and with nothing else.
  peer.join(joins, signal).catch(() => {});
  return peer;
}
