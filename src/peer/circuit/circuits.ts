// Connections over relays: made, and taken where this peer has a reservation.
import type { Connection, DialTransportOptions, PeerId, Stream, Upgrader } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { overRelay, parseCircuit } from './circuit-address.ts';
import { circuitConnection } from './circuit-connection.ts';
import { converse } from './message-stream.ts';
import {
  encodeConnect,
  encodeStopStatus,
  HOP_PROTOCOL,
  meaningOf,
  peerIn,
  STATUS,
  STOP,
} from './messages.ts';
import { noteLimits } from './narrow.ts';

/** A STOP, its answer and two handshakes: some ten round trips. Chosen. */
const TAKEN_WITHIN_MS = 10_000;

/** The parts of libp2p that make connections over relays. */
export interface CircuitComponents {
  readonly connectionManager: {
    openConnection(address: Multiaddr, options: { signal: AbortSignal }): Promise<Connection>;
    getConnections(peer?: PeerId): Connection[];
  };
  readonly upgrader: Upgrader;
}

/** A direct connection to a peer, if one is open. */
const directTo = (
  { connectionManager }: Pick<CircuitComponents, 'connectionManager'>,
  peer: PeerId,
): Connection | undefined =>
  connectionManager.getConnections(peer).find(({ direct, status }) => direct && status === 'open');

/** @throws HubswarmError ERR_REMOTE if the relay refuses; as a dial of the relay */
export async function dialCircuit(
  components: CircuitComponents,
  address: Multiaddr,
  options: DialTransportOptions,
): Promise<Connection> {
  const { relay, relayPeer, holder } = parseCircuit(address);
  if (!holder) throw new HubswarmError('ERR_REMOTE', `${address} names nobody behind the relay`);
  const { signal } = options;
  const connection =
    directTo(components, relayPeer) ??
    (await components.connectionManager.openConnection(relay, { signal }));
  const stream = await connection.newStream(HOP_PROTOCOL, { signal });
  return converse(stream, async (messages) => {
    await messages.write(encodeConnect(holder), signal);
    const answer = await messages.read(signal);
    const status = answer.number(5);
    if (status !== STATUS.ok) {
      throw new HubswarmError('ERR_REMOTE', `over the relay ${relayPeer}: ${meaningOf(status)}`);
    }
    noteLimits(address, answer.message(4));
    const below = circuitConnection(messages.unwrap(), address, 'outbound');
    return components.upgrader.upgradeOutbound(below, options);
  });
}

/** Takes a call that a relay passes on, if `mayTake` its relay. */
export async function takeCircuit(
  { upgrader }: Pick<CircuitComponents, 'upgrader'>,
  stream: Stream,
  over: Connection,
  mayTake: boolean,
): Promise<void> {
  const taken = converse(stream, (messages) =>
    attempt([], TAKEN_WITHIN_MS, async (signal) => {
      const message = await messages.read(signal);
      const caller = message.number(1) === STOP.connect ? peerIn(message) : undefined;
      if (!mayTake || !caller) {
        const status = caller ? STATUS.permissionDenied : STATUS.malformed;
        await messages.write(encodeStopStatus(status), signal);
        return stream.close({ signal });
      }
      await messages.write(encodeStopStatus(STATUS.ok), signal);
      const address = multiaddr(`${overRelay(over.remoteAddr)}/p2p/${caller}`);
      noteLimits(address, message.message(3));
      const below = circuitConnection(messages.unwrap(), address, 'inbound');
      await upgrader.upgradeInbound(below, { signal });
    }),
  );
  // A caller that leaves, or fails to prove who it is, is no matter of this peer.
  await taken.catch(() => undefined);
}
