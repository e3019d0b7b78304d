// How near whole swarms come to their bounds on a virtual clock: 5 ms of latency, 20
// Mbit/s up and 100 down where nothing else is said. Each with several seeds.
import { describe, expect, it } from 'vitest';
import { SimSwarm } from '../../src/simulate/sim-swarm.ts';

const MIB = 2 ** 20;
/** 20 Mbit/s. */
const UP = 2_500_000;
const SEEDS = [1, 2, 3, 4];

interface Setting {
  ups: readonly number[];
  originUp?: number;
  down?: number;
  bytes?: number;
  pieceLength?: number;
  latencyMs?: number;
  degree?: number;
}

interface Run {
  /** Parts of the least makespan: in whole pieces with equal uplinks, and as a fluid. */
  efficiency: number;
  fluidEfficiency: number;
  /** Of the file, sent by the origin. */
  copies: number;
  /** Part of the payload that came for nothing. */
  duplicates: number;
}

function distribute(setting: Setting, seed: number): Run {
  const { ups, originUp = UP, down = 5 * UP, bytes = 32 * MIB, pieceLength = 256 * 1024 } = setting;
  const swarm = new SimSwarm({ bytes, pieceLength, latencyMs: setting.latencyMs ?? 5, seed });
  const origin = swarm.add({ up: originUp, have: 'all' });
  for (const up of ups) swarm.add({ up, down });
  swarm.connectAll(setting.degree);
  swarm.run();
  expect(swarm.nodes.filter(({ session }) => !session.isComplete)).toEqual([]);
  const total = ups.reduce((sum, up) => sum + up, originUp);
  const fluid = Math.max(bytes / originUp, bytes / down, (ups.length * bytes) / total);
  // Mundinger, Weber & Weiss 2008.
  const doublings = Math.floor(Math.log2(ups.length));
  const whole = (bytes / UP) * (1 + doublings / swarm.geometry.pieceCount);
  const wasted = swarm.nodes.reduce((sum, { session }) => sum + session.duplicateBytes, 0);
  return {
    efficiency: (whole * 1000) / swarm.makespanMs,
    fluidEfficiency: (fluid * 1000) / swarm.makespanMs,
    copies: origin.sentBytes / bytes,
    duplicates: wasted / (ups.length * bytes),
  };
}

const equal = (receivers: number, up = UP): number[] => new Array<number>(receivers).fill(up);

const classes = (receivers: number): number[] => equal(receivers).map((_, i) => UP * 4 ** (i % 3));

describe.each(SEEDS)('equal uplinks (seed %i)', (seed) => {
  it.each([2, 3, 5, 8, 16, 33])('%i receivers', (receivers) => {
    const run = distribute({ ups: equal(receivers) }, seed);
    expect(run.efficiency).toBeGreaterThan(0.97);
    expect(run.efficiency).toBeLessThanOrEqual(1);
    // What an origin that never rests sends in that time: 5 pieces more for 33.
    expect(run.copies).toBeLessThan(receivers <= 16 ? 1.05 : 1.07);
    expect(run.duplicates).toBeLessThan(0.01);
  });

  it('64 receivers with twelve neighbours or so', () => {
    const run = distribute({ ups: equal(64), degree: 12 }, seed);
    expect(run.efficiency).toBeGreaterThan(0.965);
    expect(run.copies).toBeLessThan(1.08);
  });

  it.each([
    ['half the file', { bytes: 16 * MIB }, 0.96],
    ['twice the file', { bytes: 64 * MIB }, 0.985],
    ['larger pieces', { bytes: 100 * MIB, pieceLength: MIB }, 0.97],
    ['few pieces', { bytes: 4 * MIB, pieceLength: 64 * 1024 }, 0.91],
    ['few pieces, 20 ms away', { bytes: 4 * MIB, pieceLength: 64 * 1024, latencyMs: 20 }, 0.77],
  ])('16 receivers, %s', (_, change, least) => {
    const run = distribute({ ups: equal(16), ...change }, seed);
    expect(run.efficiency).toBeGreaterThan(least);
  });
});

describe.each(SEEDS)('unequal uplinks (seed %i)', (seed) => {
  const down = 20 * UP;

  it.each<[string, Setting, number]>([
    ['a fast origin with slow receivers', { ups: equal(12), originUp: 16 * UP, down }, 0.96],
    ['a faster origin, fewer receivers', { ups: equal(7), originUp: 4 * UP, down }, 0.96],
    ['a slow origin with fast receivers', { ups: equal(12, 8 * UP), down }, 0.97],
    ['three classes 1:4:16, a slow origin', { ups: classes(9), down }, 0.96],
    ['three classes, a middling origin', { ups: classes(12), originUp: 4 * UP, down }, 0.89],
    // The slow ones' pieces take 6 % of the whole time each.
    ['three classes, a fast origin', { ups: classes(12), originUp: 16 * UP, down }, 0.87],
  ])('%s', (_, setting, least) => {
    const run = distribute(setting, seed);
    expect(run.fluidEfficiency).toBeGreaterThan(least);
    expect(run.fluidEfficiency).toBeLessThanOrEqual(1);
    expect(run.duplicates).toBeLessThan(0.01);
  });
});
