// Calls from a port that the caller chose, which libp2p's own dials cannot: a NAT gives the packets of one
// port one address outside, so what another peer sees of a port is where it can be met (peer/punch/).
import type { Connection, ConnectionGater, Transport, Upgrader } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { HubswarmError } from '../../runtime/errors.ts';

export interface FromPortComponents {
  readonly transportManager: {
    dialTransportForMultiaddr(address: Multiaddr): Transport | undefined;
  };
  readonly connectionGater: ConnectionGater;
  readonly upgrader: Upgrader;
}

export interface DialFromPort {
  readonly localPort: number;
  /** Whether this end begins the handshake; where both ends call, one of them does. */
  readonly isInitiator: boolean;
  readonly signal: AbortSignal;
}

export class FromPort {
  /** Makes connections of what comes over a relay as well. */
  readonly upgrader: Upgrader;
  readonly #components: FromPortComponents;

  constructor(components: FromPortComponents) {
    this.#components = components;
    this.upgrader = components.upgrader;
  }

  /**
   * Always makes a new connection, within the dial budget.
   *
   * @param address by number, with /p2p/
   * @throws HubswarmError ERR_RATE, ERR_NOT_PERMITTED; the system's error; as a handshake
   */
  async dial(
    address: Multiaddr,
    { localPort, isInitiator: initiator, signal }: DialFromPort,
  ): Promise<Connection> {
    const { upgrader } = this;
    const { transportManager, connectionGater } = this.#components;
    const transport = transportManager.dialTransportForMultiaddr(address);
    if (!transport || (await connectionGater.denyDialMultiaddr?.(address))) {
      throw new HubswarmError('ERR_NOT_PERMITTED', `${address}: may not be called`);
    }
    return transport.dial(address, { localPort, initiator, signal, upgrader } as object as Options);
  }
}

type Options = Parameters<Transport['dial']>[1];
