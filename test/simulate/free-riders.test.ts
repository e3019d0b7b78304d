// Swarms in which some take and never offer a grant: what it costs the others, and
// them, under either choker.
import { describe, expect, it } from 'vitest';
import type { ChokerName } from '../../src/exchange/choker.ts';
import type { SimNode } from '../../src/simulate/sim-node.ts';
import { SimSwarm } from '../../src/simulate/sim-swarm.ts';

const FILE = 32 * 2 ** 20;
const PIECE = 256 * 1024;
/** 20 Mbit/s. */
const UP = 2_500_000;

interface Outcome {
  /** When the last honest receiver, and the first free rider, was done. */
  honestMs: number;
  firstRiderMs: number;
  /** Part of the file that the free riders have when the honest are done. */
  ridersThen: number;
}

function distribute(honest: number, riders: number, choker: ChokerName, seed: number): Outcome {
  const swarm = new SimSwarm({ bytes: FILE, pieceLength: PIECE, seed });
  swarm.add({ up: UP, have: 'all', session: { choker } });
  const all = honest + riders;
  for (let i = 0; i < all; i++) {
    // Spread evenly over the order of arrival.
    const freeRides = Math.floor(((i + 1) * riders) / all) > Math.floor((i * riders) / all);
    swarm.add({ up: UP, down: 5 * UP, session: { choker }, freeRides });
  }
  swarm.connectAll();
  const [rides, gives] = [true, false].map((wanted) =>
    swarm.nodes.slice(1).filter(({ options }) => options.freeRides === wanted),
  ) as [SimNode[], SimNode[]];
  const partOfRiders = (): number => {
    const pieces = rides.reduce((sum, { session }) => sum + session.have.count, 0);
    return pieces / (rides.length * swarm.geometry.pieceCount);
  };
  let ridersThen: number | undefined;
  swarm.until = () => {
    if (gives.every(({ session }) => session.isComplete)) ridersThen ??= partOfRiders();
    return false;
  };
  swarm.run();
  const doneAt = (nodes: SimNode[]): number[] => nodes.map((node) => node.completedAt ?? Infinity);
  return {
    honestMs: Math.max(...doneAt(gives)),
    firstRiderMs: Math.min(...doneAt(rides)),
    // A run is over with the last event that completes somebody.
    ridersThen: ridersThen ?? partOfRiders(),
  };
}

describe.each([
  { honest: 12, riders: 4, seeds: [1, 2, 3, 4] },
  { honest: 8, riders: 8, seeds: [1, 2, 3, 4] },
  { honest: 24, riders: 8, seeds: [1, 2] },
])('$riders free riders among $honest honest receivers', ({ honest, riders, seeds }) => {
  it.each(seeds)('are slowed by tit-for-tat, and the honest hardly are (seed %i)', (seed) => {
    const alone = distribute(honest, 0, 'cooperative', seed);
    const among = distribute(honest, riders, 'tit-for-tat', seed);
    // An uplink that gives nothing back takes one grant in 32, and the first pieces.
    expect(among.honestMs / alone.honestMs).toBeLessThan(1.15);
    expect(among.ridersThen).toBeLessThan(0.65);
    expect(among.firstRiderMs / among.honestMs).toBeGreaterThan(1.1);
    expect(among.firstRiderMs).toBeLessThan(Infinity);
  });

  it.each(seeds)('cost everybody alike when all cooperate (seed %i)', (seed) => {
    const among = distribute(honest, riders, 'cooperative', seed);
    const fair = distribute(honest, riders, 'tit-for-tat', seed);
    expect(among.ridersThen).toBeGreaterThan(0.9);
    expect(fair.honestMs).toBeLessThan(0.9 * among.honestMs);
  });
});

describe('without free riders', () => {
  it.each([1, 2, 3, 4])('tit-for-tat costs little (seed %i)', (seed) => {
    const cooperative = distribute(12, 0, 'cooperative', seed);
    const fair = distribute(12, 0, 'tit-for-tat', seed);
    expect(fair.honestMs / cooperative.honestMs).toBeLessThan(1.08);
  });
});
