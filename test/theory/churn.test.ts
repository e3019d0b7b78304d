import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChurnRates, churnFlow, steadyState } from '../../src/theory/churn.ts';

const RATES: ChurnRates = {
  arrivals: 2,
  aborts: 0,
  uplink: 0.1,
  downlink: 1,
  effectiveness: 1,
  departures: 0.2,
  permanentSeeds: 0,
};

const rate = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const anyRates: fc.Arbitrary<ChurnRates> = fc.record({
  arrivals: rate(0, 5),
  aborts: rate(0, 0.5),
  uplink: rate(0.05, 1),
  downlink: rate(0.05, 5),
  effectiveness: rate(0.2, 1),
  departures: fc.oneof(rate(0.05, 2), fc.constant(Number.POSITIVE_INFINITY)),
  permanentSeeds: fc.integer({ min: 0, max: 3 }),
});
const anyStart = fc.record({ leechers: rate(0, 50), seeds: rate(0, 5) });

describe('the flow of a swarm', () => {
  it('loses nobody and counts nobody twice', () => {
    fc.assert(
      fc.property(anyRates, anyStart, (rates, start) => {
        for (const point of churnFlow(rates, start, [0, 1, 5, 30])) {
          const { leechers, seeds, arrived, completed, aborted, departed } = point;
          expect(leechers + completed + aborted).toBeCloseTo(start.leechers + arrived, 6);
          expect(seeds + departed).toBeCloseTo(start.seeds + completed, 6);
          expect(arrived).toBeCloseTo(rates.arrivals * point.seconds, 6);
          expect(leechers).toBeGreaterThan(-1e-3);
          expect(seeds).toBeGreaterThan(-1e-3);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is the exponential where downlinks alone limit it', () => {
    const rates = { ...RATES, arrivals: 0, uplink: 100, downlink: 0.5, departures: 0.1 };
    for (const { seconds, leechers, completed } of churnFlow(
      rates,
      { leechers: 8, seeds: 1 },
      [1, 2, 10],
    )) {
      expect(leechers).toBeCloseTo(8 * Math.exp(-0.5 * seconds), 6);
      expect(completed).toBeCloseTo(8 * (1 - Math.exp(-0.5 * seconds)), 6);
    }
  });

  it('is solved as by hand where uplinks limit it', () => {
    // With eta = 1 and no one leaving, x + y stays N, so N + s uplinks complete mu a second.
    const rates = { ...RATES, arrivals: 0, uplink: 0.01, departures: 0, permanentSeeds: 1 };
    const [point] = churnFlow(rates, { leechers: 8, seeds: 0 }, [20]);
    expect(point!.completed).toBeCloseTo(0.01 * 9 * 20, 9);
    // If each leaves as it completes, x' = -mu (x + s).
    const leaving = { ...rates, departures: Number.POSITIVE_INFINITY };
    const [left] = churnFlow(leaving, { leechers: 8, seeds: 0 }, [20]);
    expect(left!.leechers).toBeCloseTo(9 * Math.exp(-0.01 * 20) - 1, 9);
    expect(left!.seeds).toBe(0);
  });

  it('takes a downlink that nothing limits', () => {
    const rates = { ...RATES, arrivals: 0, departures: 0, permanentSeeds: 1, uplink: 0.01 };
    const unlimited = { ...rates, downlink: Number.POSITIVE_INFINITY };
    // Nine uplinks of a hundredth complete eight in 89 s, and then there is nobody left.
    const times = [0, 50, 100, 1000];
    const completed = churnFlow(unlimited, { leechers: 8, seeds: 0 }, times).map(
      (point) => point.completed,
    );
    expect(completed[0]).toBe(0);
    expect(completed[1]).toBeCloseTo(4.5, 6);
    expect(completed[2]).toBeCloseTo(8, 2);
    expect(completed[3]).toBeCloseTo(8, 6);
  });

  it('does not depend on which moments are asked for', () => {
    const start = { leechers: 20, seeds: 1 };
    const [once] = churnFlow(RATES, start, [10]);
    const often = churnFlow(
      RATES,
      start,
      Array.from({ length: 101 }, (_, i) => i / 10),
    ).at(-1)!;
    expect(often.completed).toBeCloseTo(once!.completed, 5);
  });

  it('complains of times that go back', () => {
    expect(() => churnFlow(RATES, { leechers: 1, seeds: 1 }, [2, 1])).toThrow(/invariant/);
  });
});

describe('the steady state', () => {
  it.each<[string, Partial<ChurnRates>, number]>([
    ['uplinks limit: 1 / mu - 1 / gamma', {}, 5],
    ['half as effective: twice as long', { effectiveness: 0.5 }, 10],
    ['downlinks limit', { downlink: 0.1 }, 10],
    ['seeds stay so long that only downlinks limit', { departures: 0.05 }, 1],
    ['seeds that leave at once', { departures: Number.POSITIVE_INFINITY }, 10],
  ])('%s', (_, over, downloadSeconds) => {
    expect(steadyState({ ...RATES, ...over }).downloadSeconds).toBeCloseTo(downloadSeconds, 12);
  });

  it('does not depend on how many arrive', () => {
    const times = [1, 10, 1000].map((arrivals) => steadyState({ ...RATES, arrivals }));
    expect(new Set(times.map(({ downloadSeconds }) => downloadSeconds))).toEqual(new Set([5]));
  });

  it.each<[string, Partial<ChurnRates>]>([
    ['uplinks limit', {}],
    ['uplinks limit, some give up', { aborts: 0.05 }],
    ['uplinks limit, leechers give half', { effectiveness: 0.5 }],
    ['downlinks limit', { downlink: 0.1 }],
    ['downlinks limit, some give up', { downlink: 0.15, aborts: 0.05 }],
    ['seeds leave at once', { departures: Number.POSITIVE_INFINITY }],
    ['seeds stay', { departures: 0.05 }],
  ])('is where the flow ends up, from few and from many: %s', (_, over) => {
    const rates = { ...RATES, ...over };
    const expected = steadyState(rates);
    for (const start of [
      { leechers: 1, seeds: 1 },
      { leechers: 300, seeds: 40 },
    ]) {
      const [end] = churnFlow(rates, start, [600]);
      expect(end!.leechers).toBeCloseTo(expected.leechers, 4);
      expect(end!.seeds).toBeCloseTo(expected.seeds, 4);
      // Little's law: those present are the arrivals times their stay.
      expect(rates.arrivals * expected.downloadSeconds).toBeCloseTo(expected.leechers, 9);
    }
  });
});
