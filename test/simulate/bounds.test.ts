import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fluidSwarmBound,
  serverBound,
  swarmBound,
  type Uplinks,
  wholePieceBound,
  wholePieceRounds,
} from '../../src/simulate/bounds.ts';

const links = (over: Partial<Uplinks>): Uplinks => ({
  fileBytes: 100,
  receivers: 4,
  originUplink: 10,
  receiverUplink: 10,
  downlink: 1000,
  ...over,
});

describe('bounds', () => {
  it.each([
    [{}, 40, 'origin sends N copies'],
    [{ receivers: 1 }, 10, 'origin sends N copies'],
    [{ downlink: 2 }, 50, 'slowest downlink'],
  ] as const)('of a server %o', (over, seconds, name) => {
    expect(serverBound(links(over))).toEqual({ seconds, name });
  });

  it.each([
    [{}, 10, 'origin sends one copy'],
    [{ downlink: 2 }, 50, 'slowest downlink'],
    // 4 copies over 10 + 4 x 1 bytes a second.
    [{ receiverUplink: 1 }, 400 / 14, 'all uplinks together'],
  ] as const)('of a fluid swarm %o', (over, seconds, name) => {
    expect(fluidSwarmBound(links(over))).toEqual({ seconds, name });
  });

  it.each([
    [1, 64, 1],
    [2, 64, 1 + 1 / 64],
    [8, 64, 1 + 3 / 64],
    [9, 64, 1 + 3 / 64],
    [16, 32, 1 + 4 / 32],
  ])('of whole pieces: N = %i, M = %i', (receivers, pieces, times) => {
    expect(wholePieceBound(100, 10, receivers, pieces).seconds).toBeCloseTo(10 * times, 10);
  });

  it('leaves the whole-piece bound out where its theorem does not hold', () => {
    expect(swarmBound(links({}), 4).name).toBe('whole pieces');
    expect(swarmBound(links({ receiverUplink: 5 }), 4).name).not.toBe('whole pieces');
  });

  it('never lets a swarm be bounded later than a server', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 99 }),
        (receivers, up) => {
          const given = links({ receivers, receiverUplink: up });
          expect(fluidSwarmBound(given).seconds).toBeLessThanOrEqual(
            serverBound(given).seconds + 1e-9,
          );
        },
      ),
    );
  });
});

/** The least number of rounds in which every receiver has every piece, by trying everything. */
function exhaustiveRounds(receivers: number, pieces: number): number {
  const full = (1 << pieces) - 1;
  const key = (state: readonly number[]): string => [...state].sort((a, b) => a - b).join();
  let states = new Map([[key(Array(receivers).fill(0)), Array<number>(receivers).fill(0)]]);
  for (let round = 1; ; round++) {
    const next = new Map<string, number[]>();
    for (const state of states.values()) {
      for (const after of roundsFrom(state, full)) {
        if (after.every((held) => held === full)) return round;
        next.set(key(after), after);
      }
    }
    states = next;
  }
}

/** Every outcome of one round: each holder sends one piece to one receiver, who may take many. */
function roundsFrom(state: readonly number[], full: number): number[][] {
  let outcomes = new Map<string, number[]>([[state.join(), [...state]]]);
  for (const held of [full, ...state]) {
    const grown = new Map(outcomes);
    for (const after of outcomes.values()) {
      for (let to = 0; to < state.length; to++) {
        for (let bit = 1; bit <= full; bit <<= 1) {
          if (!(held & bit) || after[to]! & bit) continue;
          const sent = after.with(to, after[to]! | bit);
          grown.set(sent.join(), sent);
        }
      }
    }
    outcomes = grown;
  }
  return [...outcomes.values()];
}

describe('rounds of whole pieces', () => {
  it.each([
    [1, 1],
    [1, 3],
    [2, 1],
    [2, 2],
    [2, 3],
    [2, 4],
    [3, 1],
    [3, 2],
    [3, 3],
    [4, 1],
    [4, 2],
    [5, 1],
  ])('N = %i, M = %i agrees with an exhaustive search', (receivers, pieces) => {
    expect(wholePieceRounds(receivers, pieces)).toBe(exhaustiveRounds(receivers, pieces));
  });
});
