// Whole swarms of real sessions on a virtual clock. What is asserted are shapes:
// who completes, what the origin sends, how near to the bound.
import { describe, expect, it } from 'vitest';
import { CHOKERS, type ChokerName } from '../../src/exchange/choker.ts';
import { PICKERS, type PickerName } from '../../src/exchange/picker.ts';
import type { SimNode } from '../../src/simulate/sim-node.ts';
import { SimSwarm } from '../../src/simulate/sim-swarm.ts';

const MIB = 2 ** 20;
const FILE = 32 * MIB;
const PIECE = 256 * 1024;
/** 20 Mbit/s. */
const UP = 2_500_000;

function flashCrowd(receivers: number, options: { seed?: number } = {}) {
  const swarm = new SimSwarm({ bytes: FILE, pieceLength: PIECE, seed: options.seed ?? receivers });
  const origin = swarm.add({ up: UP, have: 'all' });
  for (let i = 0; i < receivers; i++) swarm.add({ up: UP, down: 5 * UP });
  swarm.connectAll();
  return { swarm, origin };
}

/** Mundinger, Weber & Weiss 2008: the least makespan with equal uplinks, in ms. */
function leastMakespanMs(receivers: number): number {
  return (FILE / UP) * (1 + Math.floor(Math.log2(receivers)) / (FILE / PIECE)) * 1000;
}

const unfinished = (swarm: SimSwarm): SimNode[] =>
  swarm.nodes.filter((node) => node.alive && !node.session.isComplete);

const copiesOf = (node: SimNode): number => node.sentBytes / FILE;

describe('a flash crowd with equal uplinks', () => {
  it('moves each piece to each receiver once: no byte for nothing', () => {
    const { swarm } = flashCrowd(8);
    swarm.run();
    const sent = swarm.nodes.reduce((sum, node) => sum + node.sentBytes, 0);
    const duplicates = swarm.nodes.reduce((sum, node) => sum + node.session.duplicateBytes, 0);
    expect(sent - duplicates).toBe(8 * FILE);
    expect(duplicates).toBeLessThan(0.01 * 8 * FILE);
    for (const node of swarm.nodes.slice(1)) {
      expect(node.storedBytes).toBe(FILE);
    }
  });

  it('is the same run again with the same seed, and another with another', () => {
    const runs = [7, 7, 8].map((seed) => {
      const { swarm } = flashCrowd(5, { seed });
      swarm.run();
      return swarm.nodes.map(({ completedAt }) => completedAt);
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });
});

describe.each(Object.keys(PICKERS) as PickerName[])('the %s picker', (picker) => {
  it.each(Object.keys(CHOKERS) as ChokerName[])('completes with the %s choker', (choker) => {
    const swarm = new SimSwarm({ bytes: FILE, pieceLength: PIECE, seed: 4 });
    swarm.add({ up: UP, have: 'all', session: { choker } });
    for (let i = 0; i < 8; i++) swarm.add({ up: UP, down: 5 * UP, session: { picker, choker } });
    swarm.connectAll();
    swarm.run();
    expect(unfinished(swarm)).toEqual([]);
    // Reading in order costs: all want the same pieces of the origin.
    const least = picker === 'sequential' ? 0.3 : 0.9;
    expect(leastMakespanMs(8) / swarm.makespanMs).toBeGreaterThan(least);
  });
});

describe('the origin dies', () => {
  /** Kills the origin once every piece has been stored by somebody. */
  function killAfterFirstCopy(swarm: SimSwarm, origin: SimNode): { copies: number } {
    const killed = { copies: 0 };
    swarm.until = () => {
      if (origin.alive && origin.sentBytes >= FILE) {
        const spread = new Set<number>();
        for (const node of swarm.nodes.slice(1)) for (const p of node.session.have) spread.add(p);
        if (spread.size === swarm.geometry.pieceCount) {
          killed.copies = copiesOf(origin);
          swarm.kill(origin);
        }
      }
      return false;
    };
    return killed;
  }

  it.each([2, 3, 4, 7, 8, 12, 16])(
    'after one full copy: all %i receivers complete, and little more was needed',
    (receivers) => {
      const { swarm, origin } = flashCrowd(receivers);
      const killed = killAfterFirstCopy(swarm, origin);
      swarm.run();
      expect(origin.alive).toBe(false);
      expect(unfinished(swarm)).toEqual([]);
      expect(killed.copies).toBeLessThan(1.03);
    },
  );

  it('after half a copy: nobody completes, and everybody knows how much is missing', () => {
    const { swarm, origin } = flashCrowd(4);
    swarm.until = () => {
      if (origin.alive && copiesOf(origin) >= 0.5) swarm.kill(origin);
      return false;
    };
    swarm.run(600_000);
    expect(unfinished(swarm)).toHaveLength(4);
    const missing = unfinished(swarm).map((node) => node.session.unavailablePieces);
    expect(new Set(missing).size).toBe(1);
    expect(missing[0]).toBeGreaterThan(0.4 * swarm.geometry.pieceCount);
  });
});

describe('peers that come, go, and lack things', () => {
  it('completes when each of ten peers holds one different tenth', () => {
    const swarm = new SimSwarm({ bytes: 10 * PIECE, pieceLength: PIECE });
    for (let i = 0; i < 10; i++) swarm.add({ up: UP, have: [i] });
    swarm.connectAll();
    swarm.run();
    expect(unfinished(swarm)).toEqual([]);
  });

  it('goes on when half of the receivers vanish in the middle', () => {
    const { swarm } = flashCrowd(8);
    swarm.at(6000, () => {
      for (const node of swarm.nodes.slice(5)) swarm.kill(node);
    });
    swarm.run();
    expect(unfinished(swarm)).toEqual([]);
    expect(swarm.makespanMs).toBeLessThan(1.6 * leastMakespanMs(8));
  });

  it('gives a late joiner its downlink, or all the uplinks of the seeds', () => {
    const swarm = new SimSwarm({ bytes: FILE, pieceLength: PIECE });
    for (let i = 0; i < 8; i++) swarm.add({ up: UP, have: 'all' });
    const late = swarm.add({ up: UP, down: 5 * UP });
    swarm.connectAll();
    swarm.run();
    expect(late.completedAt).toBeLessThan((1.1 * FILE * 1000) / (5 * UP));
  });

  it('serves those who come one after the other as fast as the first', () => {
    const { swarm } = flashCrowd(0);
    const started = new Map<SimNode, number>();
    for (let i = 0; i < 8; i++) {
      swarm.at(i * 1500, () => {
        const late = swarm.add({ up: UP, down: 5 * UP });
        started.set(late, swarm.now);
        for (const other of swarm.nodes) swarm.connect(late, other);
      });
    }
    swarm.until = () =>
      started.size === 8 && swarm.nodes.every(({ session }) => session.isComplete);
    swarm.run();
    expect(unfinished(swarm)).toEqual([]);
    for (const [node, at] of started) {
      expect(node.completedAt! - at).toBeLessThan(1.05 * leastMakespanMs(8));
    }
  });

  it('is not held up by a neighbour that stops sending without leaving', () => {
    const { swarm, origin } = flashCrowd(4);
    const [, stalled] = swarm.nodes as [SimNode, SimNode];
    swarm.at(3000, () => {
      stalled.options.up = 1;
    });
    swarm.until = () => swarm.nodes.every((node) => node === stalled || node.session.isComplete);
    swarm.run();
    expect(unfinished(swarm).filter((node) => node !== stalled)).toEqual([]);
    expect(swarm.now).toBeLessThan(2.5 * leastMakespanMs(4));
    expect(origin.alive).toBe(true);
  });

  it('finds and bans a poisoner within two bad pieces', () => {
    const { swarm } = flashCrowd(5);
    const poisoner = swarm.nodes[3]!;
    poisoner.options.poison = true;
    const honest = swarm.nodes.filter((node) => node !== poisoner);
    swarm.until = () => honest.every((node) => node.session.isComplete);
    swarm.run();
    for (const node of honest) {
      expect(node.session.isComplete).toBe(true);
      expect(node.refusedPieces).toBeLessThanOrEqual(2 + 1);
    }
    expect(honest.some((node) => node.banned.has(poisoner.id))).toBe(true);
  });
});
