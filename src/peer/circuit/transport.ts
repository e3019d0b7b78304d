// Calls over relays, as a transport of libp2p. What speaks to the relay is loaded with the first call,
// or the first reservation. Connections over a relay count as any other for libp2p, so that all
// protocols run over them: the relay bounds them, and punch/ replaces them as soon as it can.
import { type Transport, transportSymbol } from '@libp2p/interface';
import { isCircuit } from './circuit-address.ts';
import type { CircuitComponents } from './circuits.ts';

export const createCircuits = (components: CircuitComponents): Transport => ({
  [Symbol.toStringTag]: 'circuits',
  [transportSymbol]: true,
  dial: async (address, options) => {
    const { dialCircuit } = await import('./circuits.ts');
    return dialCircuit(components, address, options);
  },
  dialFilter: (addresses) => addresses.filter(isCircuit),
  // A reservation is no listener: see reservation.ts.
  listenFilter: () => [],
  createListener: () => {
    throw new Error('nobody listens over a relay without a reservation');
  },
});
