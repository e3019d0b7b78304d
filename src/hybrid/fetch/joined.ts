// A peer that has begun to look for content: through the addresses of links, for the sender of a code
// phrase, or without either on this machine and on the LAN.
import type { CidTarget } from '../../content/cid-target.ts';
import type { OtherSources } from '../../peer/other-sources.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Policy } from '../../swarm/policy.ts';
import type { Event } from '../../telemetry/event.ts';
import type { Entry, Joins } from '../entry.ts';
import type { Callable } from '../links/callable.ts';
import { tellPassedOver, withLinks } from '../links/with-links.ts';
import type { CodePhrase } from '../phrase/code-phrase.ts';
import { type Run, withPeer } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';
import type { SwarmWay } from './way.ts';

/** What decides whom a peer finds. */
export type Reach = Entry &
  Pick<GetOptions, 'data' | 'uplink' | 'downlink'> & {
    readonly policy?: Policy;
    /** Milliseconds to find the sender of a phrase; by default for ever. */
    readonly timeoutMs?: number | undefined;
  };

/** What is looked for; a phrase tells it when its sender was found. */
export interface Sought {
  readonly target: CidTarget;
  /** The hubs that were joined, whose files come by HTTP as well. */
  readonly others?: OtherSources | undefined;
}

type Use<T> = (peer: Peer, sought: Sought) => Promise<T>;

/** @throws HubswarmError ERR_REMOTE when it is the wrong phrase; what `use` throws */
export function joined<T>(way: SwarmWay, reach: Reach, run: Run, use: Use<T>): Promise<T> {
  if (way.kind === 'phrase') return joinedBySaying(way.phrase, reach, run, use);
  return joinedByAddresses(way.callable, reach, run, (peer, others) =>
    use(peer, { target: way.target, others }),
  );
}

async function joinedByAddresses<T>(
  callable: Callable,
  { joins: given, policy, ...entry }: Reach,
  run: Run,
  use: (peer: Peer, others: OtherSources | undefined) => Promise<T>,
): Promise<T> {
  tellPassedOver(callable, run);
  const joins = withLinks(given, callable);
  const others = await sourcesOf(joins, run);
  const told = { ...run, emit: withoutKnown(run.emit) };
  const choice = { ...reached(entry), policy, joins, mdns: joins.through.length === 0 };
  try {
    return await withPeer(choice, told, (peer) => use(joining(peer, joins, run), others));
  } finally {
    others?.close();
  }
}

/** What a peer is started with. */
const reached = ({ data, uplink, downlink, swarmKey, allowed }: Omit<Reach, 'joins'>) => ({
  data,
  uplink,
  downlink,
  swarmKey,
  allowed,
});

/** What talks HTTP is loaded only where a hub is joined. */
async function sourcesOf({ hubs }: Joins, { emit }: Run) {
  if (!hubs) return undefined;
  const { Hubs } = await import('../source/hubs.ts');
  return new Hubs({ ...hubs, emit });
}

async function joinedBySaying<T>(
  phrase: CodePhrase,
  { joins, policy, timeoutMs = Number.POSITIVE_INFINITY, ...entry }: Reach,
  run: Run,
  use: Use<T>,
): Promise<T> {
  const { Progress, takeByPhrase } = await import('../phrase/by-phrase.ts');
  const circle = new Set<string>();
  const emit = withoutKnown(run.emit);
  // Who could call gets nothing from it.
  const progress = new Progress((event) => event.event !== 'callers_decided' && emit(event));
  const choice = { ...reached(entry), policy, joins, mdns: true, circle };
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

function joining(peer: Peer, { through }: Joins, { signal }: Run): Peer {
  // It ends with the peer, and with nothing else.
  peer.join(through, signal).catch(() => {});
  return peer;
}
