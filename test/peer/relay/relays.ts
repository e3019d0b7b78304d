// A relay and peers that use it, on 127.0.0.1.
import type { Connection, Stream } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { Link } from '../../../src/link/link.ts';
import { takeCircuit } from '../../../src/peer/circuit/circuits.ts';
import { STOP_PROTOCOL } from '../../../src/peer/circuit/messages.ts';
import type { Node } from '../../../src/peer/node/node.ts';
import { Reservation } from '../../../src/peer/passage/reservation.ts';
import { Relay } from '../../../src/peer/relay/relay.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Event } from '../../../src/telemetry/event.ts';

export const within = (ms = 20_000): AbortSignal => AbortSignal.timeout(ms);

export async function makeRelay(node: Node, limits: { bytes?: number } = {}): Promise<Event[]> {
  const events: Event[] = [];
  const serves = (): boolean => true;
  const emit = (event: Event): unknown => events.push(event);
  await Relay.open({ ...limits, node, link: new Link(), clock: systemClock, serves, emit });
  return events;
}

/** Has the node be called over the relay; returns its addresses there. */
export async function reserve(
  node: Node,
  relay: Pick<Node, 'getMultiaddrs'>,
  onLost: (reason: string) => void = () => {},
): Promise<Multiaddr[]> {
  const over = await node.dial(relay.getMultiaddrs(), { signal: within() });
  const { addresses } = await Reservation.make(over, systemClock, onLost);
  await node.handle(STOP_PROTOCOL, (stream: Stream, connection: Connection) =>
    takeCircuit(node.services.fromPort, stream, connection, true),
  );
  return addresses.map((address) => multiaddr(`${address}/p2p/${node.peerId}`));
}
