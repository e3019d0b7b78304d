// Introduces neighbours to one another, so that the DHT need only find the first.

import type { Neighbour } from './neighbour/neighbour.ts';
import type { SwarmState } from './state.ts';
import { MAX_PEERS } from './wire/message.ts';

/**
 * Number of neighbours that are told of a newcomer. The newcomer is told of all, and calls
 * those it needs. If all were told of it, an origin's messages would grow with the square of
 * the swarm.
 */
const MOST_TOLD = 16;

/** Tells a newcomer of the other neighbours at once, and some of them of the newcomer soon. */
export function introduce(state: SwarmState, newcomer: Neighbour, now: number): void {
  const { neighbours, outbox, rng } = state;
  const others = [...neighbours.values()].filter((n) => n !== newcomer && n.pieces);
  if (newcomer.addresses.length > 0) {
    const first = others.length > MOST_TOLD ? rng.below(others.length) : 0;
    for (let i = 0; i < Math.min(MOST_TOLD, others.length); i++) {
      const other = others[(first + i) % others.length]!;
      outbox.sendPeersSoon(other, newcomer.addresses, now);
    }
  }
  const addresses = others.flatMap((other) => other.addresses).slice(-MAX_PEERS);
  if (addresses.length > 0) outbox.send(newcomer, { type: 'peers', addresses });
}
