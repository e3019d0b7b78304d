// Streams of protocols beside the exchange, for rooms that know no libp2p.
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Multiaddr } from '@multiformats/multiaddr';
import { abortable } from '../../runtime/abortable.ts';
import type { Timers } from '../../runtime/clock.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import type { Wire } from '../../swarm/wire.ts';
import { believe, ipOf, scopeOfPeer, tellable } from '../address/scope.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { Node } from '../node/node.ts';
import { FrameStream } from '../node/stream.ts';

/** Most streams of one protocol on a connection. Chosen. */
const MAX_STREAMS = 4;
/** Times that a peer is asked which does not speak a protocol: it may have just started. Chosen. */
const MOST_REFUSALS = 3;

/** Answers streams of that protocol from now on. */
export async function answerStreams(
  node: Node,
  protocol: string,
  answer: (wire: Wire) => void,
): Promise<void> {
  await node.handle(
    protocol,
    guarded('answering a stream', (stream: Stream, { remotePeer }: Connection) =>
      answer(new FrameStream(stream, remotePeer.toString())),
    ),
    { maxInboundStreams: MAX_STREAMS },
  );
}

/**
 * Opens a stream to a connected peer.
 *
 * @throws libp2p's error, when the peer is gone or does not speak the protocol; the signal's reason
 */
export async function openStream(
  node: Node,
  peer: string,
  protocol: string,
  signal: AbortSignal,
): Promise<Wire> {
  const connection = await node.dial(peerIdFromString(peer), { signal });
  return new FrameStream(await connection.newStream(protocol, { signal }), peer);
}

/** Whether a stream was not opened since the peer does not speak its protocol. */
export const isUnspoken = (error: unknown): boolean =>
  error instanceof Error && error.name === 'UnsupportedProtocolError';

export const isConnected = (node: Node, peer: string): boolean =>
  node.getConnections(peerIdFromString(peer)).length > 0;

/** Tells the PeerId of each peer that is connected, and of those that will be, until the signal aborts. */
export function hearConnected(node: Node, tell: (peer: string) => void, signal: AbortSignal): void {
  const hear = guarded('hearing of a peer', ({ detail }: CustomEvent<PeerId>) =>
    tell(detail.toString()),
  );
  node.addEventListener('peer:connect', hear, { signal });
  for (const peer of node.getPeers()) tell(peer.toString());
}

/**
 * Resolves when the peer is connected: it is called where it was known, and may call, or be called
 * elsewhere, meanwhile.
 *
 * @throws the signal's reason
 */
export async function callAgain(node: Node, peer: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = new AbortController();
  const hear = (each: string): void => {
    if (each === peer) resolve();
  };
  hearConnected(node, hear, over.signal);
  const dialled = node.dial(peerIdFromString(peer), { signal }).then(
    () => resolve(),
    () => undefined,
  );
  unawaited('calling a peer again', dialled);
  try {
    await abortable(promise, signal);
  } finally {
    over.abort();
  }
}

/**
 * Does something with each peer that is connected, and again after a pause, until the peer is gone,
 * does not speak the protocol of the stream that `act` opens, or the signal aborts.
 */
export function attendConnected(
  { node, clock }: { node: Node; clock: Timers },
  pauseMs: number,
  act: (peer: string) => Promise<unknown>,
  signal: AbortSignal,
): void {
  // One that takes the place of a connection is no news: the peer was connected all the time.
  const attended = new Set<string>();
  const attend = async (peer: string): Promise<void> => {
    try {
      let refusals = 0;
      while (refusals < MOST_REFUSALS && isConnected(node, peer)) {
        await act(peer).catch((error: unknown) => {
          if (isUnspoken(error)) refusals++;
        });
        await clock.sleep(pauseMs, signal);
      }
    } catch {
      // It is over.
    } finally {
      attended.delete(peer);
    }
  };
  const hear = (peer: string): void => {
    if (attended.has(peer)) return;
    attended.add(peer);
    unawaited('attending a peer', attend(peer));
  };
  hearConnected(node, hear, signal);
}

/**
 * Addresses at which a connected peer says that it listens, with /p2p/; only those that can be dialled, and
 * that the asker, another one, has a use for. Those of the host that it calls from come first: of its other
 * networks the asker may reach none.
 */
export async function addressesOf(node: Node, peer: string, asker: string): Promise<string[]> {
  const id = peerIdFromString(peer);
  const { addresses } = await node.peerStore.get(id);
  const connections = node.getConnections(id);
  const from = new Set(connections.map(({ remoteAddr }) => ipOf(remoteAddr)));
  const isFrom = ({ multiaddr }: { multiaddr: Multiaddr }): number =>
    Number(from.has(ipOf(multiaddr)));
  const sorted = addresses.toSorted((a, b) => isFrom(b) - isFrom(a));
  const told = sorted.map(({ multiaddr }) => multiaddr.toString());
  const believed = believe(told, scopeOfPeer(connections)).map(({ multiaddr }) => multiaddr);
  const scope = scopeOfPeer(node.getConnections(peerIdFromString(asker)));
  return tellable(believed, scope).map((each) =>
    `${each}`.includes('/p2p/') ? `${each}` : `${each}/p2p/${peer}`,
  );
}

/** Dials what a connected peer named, as far as it may name it. @throws HubswarmError ERR_NO_SOURCE */
export async function joinHeard(
  { node, discovery }: { node: Node; discovery: Discovery },
  addresses: readonly string[],
  teller: string,
  signal: AbortSignal,
): Promise<void> {
  const scope = scopeOfPeer(node.getConnections(peerIdFromString(teller)));
  const believed = believe(addresses, scope).map(({ multiaddr }) => multiaddr.toString());
  await discovery.join(believed, signal, undefined, false);
}
