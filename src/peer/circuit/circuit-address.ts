// Addresses over a relay: /ip4/192.0.2.7/tcp/4001/p2p/RELAY/p2p-circuit, and /p2p/HOLDER behind it.

import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';

const CIRCUIT = '/p2p-circuit';

export const isCircuit = (address: Multiaddr): boolean => `${address}`.includes(CIRCUIT);

export interface CircuitAddress {
  /** With its PeerId. */
  readonly relay: Multiaddr;
  readonly relayPeer: PeerId;
  /** Undefined where a holder is to be: when it listens there. */
  readonly holder: PeerId | undefined;
}

/** @throws libp2p's error where the relay has no PeerId */
export function parseCircuit(address: Multiaddr): CircuitAddress {
  const [before = '', behind = ''] = `${address}`.split(CIRCUIT);
  const relay = multiaddr(before);
  const relayId = relay.getComponents().find(({ name }) => name === 'p2p')?.value;
  const holder = behind.replace('/p2p/', '');
  return {
    relay,
    relayPeer: peerIdFromString(`${relayId}`),
    holder: holder === '' ? undefined : peerIdFromString(holder),
  };
}

export const overRelay = (relay: Multiaddr): Multiaddr => multiaddr(`${relay}${CIRCUIT}`);
