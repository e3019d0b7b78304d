import { expect, it } from 'vitest';
import type { SimNode } from '../../src/simulate/sim-node.ts';
import { SimSwarm } from '../../src/simulate/sim-swarm.ts';
import { UP } from './setups.ts';

const PIECE = 256 * 1024;
const PIECES = 64;

interface Crowd {
  readonly peers: number;
  readonly hub?: number;
  /** Whether the hub is a neighbour too, with an uplink of its own. */
  readonly twin?: boolean;
  /** The first so many know no server. */
  readonly without?: number;
  /** When the peers meet each other, and the hub as a peer. */
  readonly meetMs?: number;
  readonly seeds?: number;
  readonly staggerMs?: number;
  readonly seed?: number;
}

/** Every peer fetches from all others, and from a web seed. */
function run({
  peers,
  hub = UP,
  twin,
  without = 0,
  meetMs = 0,
  seeds = 0,
  staggerMs = 0,
  seed = 1,
}: Crowd) {
  const swarm = new SimSwarm({ bytes: PIECES * PIECE, pieceLength: PIECE, seed });
  const origin = twin ? swarm.add({ up: hub, have: 'all' }) : undefined;
  const server = swarm.add({ up: hub, have: 'all', webSeed: { twin: origin?.id } });
  const nodes: SimNode[] = [];
  for (let i = 0; i < peers + seeds; i++) {
    nodes.push(swarm.add({ up: UP, down: 5 * UP, have: i < peers ? 'none' : 'all' }));
  }
  for (const [i, node] of nodes.entries()) {
    swarm.at(i * staggerMs, () => {
      if (i >= without) swarm.connect(node, server);
    });
    swarm.at(i * staggerMs + meetMs, () => {
      if (origin) swarm.connect(node, origin);
      for (const other of nodes.slice(0, i)) swarm.connect(node, other);
    });
  }
  swarm.run(600_000);
  expect(nodes.every(({ session }) => session.isComplete)).toBe(true);
  const copies = (node: SimNode | undefined) => (node?.sentBytes ?? 0) / (PIECES * PIECE);
  return { server: copies(server), origin: copies(origin), ms: swarm.makespanMs };
}

it.each<[string, Crowd]>([
  ['one peer', { peers: 1 }],
  ['two', { peers: 2 }],
  ['eight', { peers: 8 }],
  ['eight, drawn otherwise', { peers: 8, seed: 2 }],
  ['eight of a hub with four times their uplink', { peers: 8, hub: 4 * UP }],
  ['eight that come one by one', { peers: 8, staggerMs: 500 }],
  ['eight, half of which know no server', { peers: 8, without: 4 }],
  ['sixteen', { peers: 16 }],
])('a server alone gives one copy to %s', (_, crowd) => {
  const { server } = run(crowd);
  expect(server).toBeGreaterThanOrEqual(1);
  expect(server).toBeLessThanOrEqual(1.1);
});

it('takes little longer than a swarm whose origin is a peer', () => {
  expect(run({ peers: 8 }).ms / run({ peers: 8, twin: true }).ms).toBeLessThan(1.05);
});

it('asks nothing of a server whose host gives as a peer', () => {
  for (const hub of [UP, 4 * UP]) expect(run({ peers: 8, hub, twin: true }).server).toBe(0);
});

it('asks for a piece at a time of a server whose host is about to give as a peer', () => {
  // It has sent seven by then, and each of the eight waits for one more.
  const { server } = run({ peers: 8, twin: true, meetMs: 700 });
  expect(server * PIECES).toBeGreaterThan(0);
  expect(server * PIECES).toBeLessThanOrEqual(7 + 8);
});

it('takes from a server that is much faster than the swarm', () => {
  const slow = run({ peers: 1, seeds: 1, hub: UP / 1000 }).ms;
  expect(run({ peers: 1, seeds: 1, hub: 10 * UP }).ms).toBeLessThan(0.7 * slow);
});
