// Neighbours are made known to one another, so that the DHT need only find the first.
import { MAX_PEERS } from './message.ts';
import type { Neighbour } from './neighbour.ts';
import type { SwarmState } from './state.ts';

/**
 * Neighbours that are told of a newcomer. It hears of all and calls whom it needs;
 * telling everybody would make an origin's messages grow with the square of the swarm.
 */
const MOST_TOLD = 16;

/** Tells a newcomer of the others, and some others of it. */
export function introduce({ neighbours, outbox, rng }: SwarmState, newcomer: Neighbour): void {
  const others = [...neighbours.values()].filter((n) => n !== newcomer && n.pieces);
  if (newcomer.addresses.length > 0) {
    const first = others.length > MOST_TOLD ? rng.below(others.length) : 0;
    for (let i = 0; i < Math.min(MOST_TOLD, others.length); i++) {
      const other = others[(first + i) % others.length]!;
      outbox.send(other, { type: 'peers', addresses: [...newcomer.addresses] });
    }
  }
  const addresses = others.flatMap((other) => other.addresses).slice(-MAX_PEERS);
  if (addresses.length > 0) outbox.send(newcomer, { type: 'peers', addresses });
}
