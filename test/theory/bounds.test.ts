import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fluidSwarmBound,
  serverBound,
  swarmBound,
  type Uplinks,
  wholePieceBound,
  wholePieceRounds,
} from '../../src/theory/bounds.ts';
import { leastRounds } from './schedules.ts';

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
    [{ receiverUplink: [1, 2, 3, 4] }, 20, 'all uplinks together'],
    [{ receiverUplink: [0, 0, 0, 0] }, 40, 'all uplinks together'],
    // Others that need nothing help.
    [{ receiverUplink: [1, 1, 1, 1, 26] }, 10, 'origin sends one copy'],
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
    expect(swarmBound(links({ receiverUplink: [10, 10, 10, 0] }), 4).name).not.toBe('whole pieces');
    expect(swarmBound(links({ receiverUplink: [10, 10, 10, 10, 10] }), 4).name).not.toBe(
      'whole pieces',
    );
  });

  it('is the same for a list of receivers that are alike as for one figure', () => {
    for (const receiverUplink of [0, 3, 10, 99]) {
      const list = links({ receiverUplink: new Array<number>(4).fill(receiverUplink) });
      expect(swarmBound(list, 7)).toEqual(swarmBound(links({ receiverUplink }), 7));
    }
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

/** All pairs that can be tried out in no time. */
const SMALL = Array.from({ length: 9 }, (_, i) => i + 1).flatMap((receivers) =>
  Array.from({ length: Math.floor(9 / receivers) }, (_, i) => [receivers, i + 1] as const),
);

/** Pieces a round: 1 or 2 of the origin, 0 to 2 of each of one to three receivers. */
function unequal(): [number, ...number[]][] {
  const some = [0, 1, 2];
  const crowds = [1, 2, 3].flatMap((count) =>
    Array.from({ length: count }).reduce<number[][]>(
      (lists) => lists.flatMap((list) => some.map((uplink) => [...list, uplink])),
      [[]],
    ),
  );
  return crowds.flatMap((crowd) =>
    [1, 2].map((origin): [number, ...number[]] => [origin, ...crowd]),
  );
}

describe('rounds of whole pieces', () => {
  it.each(SMALL)('N = %i, M = %i agrees with every schedule there is', (receivers, pieces) => {
    const sends: [number, ...number[]] = [1, ...new Array<number>(receivers).fill(1)];
    const rounds = wholePieceRounds(receivers, pieces);
    expect(leastRounds({ sends, pieces, takes: 'any' })).toBe(rounds);
    expect(leastRounds({ sends, pieces, takes: 'one' })).toBe(rounds);
  });

  it('of unequal uplinks, free riders too, are never fewer than the fluid bound', () => {
    let tight = 0;
    for (const [originUplink, ...receiverUplink] of unequal()) {
      for (const pieces of [1, 2]) {
        const given = { fileBytes: pieces, receivers: receiverUplink.length, originUplink };
        const bound = fluidSwarmBound(links({ ...given, receiverUplink })).seconds;
        const sends = [originUplink, ...receiverUplink] as const;
        const rounds = leastRounds({ sends, pieces, takes: 'any' });
        expect(rounds, `${sends}, ${pieces} pieces`).toBeGreaterThanOrEqual(bound - 1e-9);
        if (rounds < bound + 1e-9) tight++;
      }
    }
    // The bound would hold as well if it were far too low.
    expect(tight).toBeGreaterThan(10);
  });

  it('are never sooner done than a fluid, and with many pieces hardly later', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 }), (n, m) => {
        const fluid = fluidSwarmBound(links({ receivers: n })).seconds;
        expect(wholePieceBound(100, 10, n, m).seconds).toBeGreaterThanOrEqual(fluid);
        expect(wholePieceBound(100, 10, n, 1e6).seconds).toBeCloseTo(fluid, 3);
      }),
    );
  });
});
