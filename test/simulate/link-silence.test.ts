// A link that carries nothing for a while, its connection alive: what was said meanwhile comes
// late, in order, as TCP repeats it. A real session at each end, on a virtual clock.
import { describe, expect, it } from 'vitest';
import type { PlainCarriage } from '../../src/simulate/carriage.ts';
import { SimSwarm } from '../../src/simulate/sim-swarm.ts';

const MIB = 2 ** 20;
const DOWN_AT = 5000;
/** Once the link is back. */
const FLOWS_WITHIN_MS = 12_000;

/** Milliseconds from the end of the silence until a piece is stored that was sent after it. */
function resume(silenceMs: number, up: number, latencyMs: number): number {
  const swarm = new SimSwarm({ bytes: 100 * up, pieceLength: MIB / 4, latencyMs });
  const giver = swarm.add({ up, have: 'all' });
  const taker = swarm.add({ up });
  swarm.connectAll();
  const upAt = DOWN_AT + silenceMs;
  swarm.at(DOWN_AT, () => {
    for (const { links } of [giver, taker]) {
      for (const { carriage } of links.values()) (carriage as PlainCarriage).holdUntil(upAt);
    }
  });
  let before = Number.POSITIVE_INFINITY;
  // What was under way has arrived then.
  swarm.at(upAt + 100, () => {
    before = taker.storedBytes;
  });
  swarm.until = () => taker.storedBytes > before;
  swarm.run();
  return swarm.now - upAt;
}

describe('after a silence of the link', () => {
  it.each([3, 7, 10, 15, 20, 40])('of %i s bytes flow again in time', (seconds) => {
    for (const up of [MIB / 4, MIB, 8 * MIB]) {
      for (const latencyMs of [5, 100]) {
        expect(resume(1000 * seconds, up, latencyMs)).toBeLessThan(FLOWS_WITHIN_MS);
      }
    }
  });
});
