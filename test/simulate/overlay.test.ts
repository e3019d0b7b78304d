import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/runtime/rng.ts';
import { Overlay } from '../../src/simulate/overlay.ts';
import type { SimNode } from '../../src/simulate/sim-node.ts';
import { SimSwarm } from '../../src/simulate/sim-swarm.ts';
import { PIECE, UP } from './setups.ts';

function crowd(receivers: number, degree: number) {
  // One byte a second: nobody is complete while the test looks.
  const swarm = new SimSwarm({ bytes: PIECE, pieceLength: PIECE });
  const origin = swarm.add({ up: 1, have: 'all' });
  const overlay = new Overlay({ swarm, origin, degree, rng: createRng(7) });
  const nodes = Array.from({ length: receivers }, () => swarm.add({ up: UP }));
  for (const node of nodes) overlay.join(node);
  swarm.run(100);
  return { swarm, origin, overlay, nodes };
}

const degreeOf = (node: SimNode): number => node.links.size;

describe('an overlay', () => {
  it('gives everybody the origin and enough others, not all of them', () => {
    const { nodes, origin } = crowd(50, 6);
    for (const node of nodes) {
      expect(node.links.has(origin.id)).toBe(true);
      expect(degreeOf(node)).toBeGreaterThanOrEqual(6);
    }
    expect(nodes.reduce((sum, node) => sum + degreeOf(node), 0) / 50).toBeLessThan(12);
  });

  it('is a full mesh where there are no more than are called for', () => {
    for (const [receivers, degree] of [
      [5, 6],
      [12, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(crowd(receivers, degree).nodes.map(degreeOf)).toEqual(
        Array.from({ length: receivers }, () => receivers),
      );
    }
  });

  it('calls others in the place of neighbours that died', () => {
    const { swarm, nodes } = crowd(50, 6);
    for (const node of nodes.slice(20)) swarm.kill(node);
    swarm.run(200);
    for (const node of nodes.slice(0, 20)) expect(degreeOf(node)).toBeGreaterThanOrEqual(6);
  });

  it('does not call back who was banned', () => {
    const { swarm, nodes } = crowd(5, 6);
    const [a, b] = nodes as [SimNode, SimNode];
    a.banned.add(b.id);
    swarm.disconnect(a, b);
    swarm.run(200);
    expect(a.links.has(b.id)).toBe(false);
  });

  it('lets a latecomer in', () => {
    const { swarm, overlay } = crowd(50, 6);
    const late = swarm.add({ up: UP });
    overlay.join(late);
    swarm.run(200);
    expect(degreeOf(late)).toBe(6);
  });
});
