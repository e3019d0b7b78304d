import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakEvenBytes, type Contest, predictedSeconds } from '../../src/theory/break-even.ts';

const MIB = 2 ** 20;
const CONTEST: Contest = {
  server: { fixedSeconds: 0.1, cpuSecondsPerReceiver: 0.05 },
  swarm: { fixedSeconds: 0.5, cpuSecondsPerReceiver: 0.25 },
  cores: 2,
  links: { originUplink: MIB, receiverUplink: MIB, downlink: 8 * MIB },
  pieceLength: MIB / 16,
};

const startUp = fc.record({
  fixedSeconds: fc.double({ min: 0, max: 2, noNaN: true }),
  cpuSecondsPerReceiver: fc.double({ min: 0, max: 1, noNaN: true }),
});
const anyContest: fc.Arbitrary<Contest> = fc.record({
  server: startUp,
  swarm: startUp,
  cores: fc.constantFrom(1, 2, 8, Number.POSITIVE_INFINITY),
  links: fc.record({
    originUplink: fc.integer({ min: 1000, max: 1e7 }),
    receiverUplink: fc.integer({ min: 0, max: 1e7 }),
    downlink: fc.oneof(fc.integer({ min: 1000, max: 1e8 }), fc.constant(Number.POSITIVE_INFINITY)),
  }),
  pieceLength: fc.integer({ min: 1024, max: MIB }),
});
/** The theorem of whole pieces is about these. */
const alike = anyContest.map((contest) => ({
  ...contest,
  links: { ...contest.links, receiverUplink: contest.links.originUplink },
}));
const receivers = fc.integer({ min: 1, max: 64 });

describe('the break-even file', () => {
  it('is that whose copies take the server longer by what the swarm starts later', () => {
    // 0.4 s and 8 receivers of 0.2 CPU seconds on two cores: 1.2 s. The server's bound is 8
    // copies' time, the swarm's that of one and of three of four pieces.
    const later = 1.2;
    expect(breakEvenBytes(CONTEST, 8) / MIB).toBeCloseTo(later / (7 - 3 / 4), 5);
    // Unequal uplinks have the fluid bound.
    const links = { ...CONTEST.links, receiverUplink: 2 * MIB };
    expect(breakEvenBytes({ ...CONTEST, links }, 8) / MIB).toBeCloseTo(later / 7, 5);
  });

  it('predicts starting and the bound', () => {
    const { server, swarm } = predictedSeconds(CONTEST, 8, 16 * MIB);
    expect(server).toBeCloseTo(0.1 + 0.2 + 128, 9);
    expect(swarm).toBeCloseTo(0.5 + 1 + 16 + 3 / 16, 9);
  });

  it('is infinite for one receiver, whom a swarm cannot serve sooner', () => {
    expect(breakEvenBytes(CONTEST, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(breakEvenBytes({ ...CONTEST, swarm: CONTEST.server }, 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is infinite where receivers give nothing, and 0 where the swarm starts first', () => {
    const links = { ...CONTEST.links, receiverUplink: 0 };
    expect(breakEvenBytes({ ...CONTEST, links }, 8)).toBe(Number.POSITIVE_INFINITY);
    const { server, swarm } = CONTEST;
    expect(breakEvenBytes({ ...CONTEST, server: swarm, swarm: server }, 8)).toBe(0);
  });

  it('is not won by a sum that rounds otherwise', () => {
    const server = { fixedSeconds: 0.1, cpuSecondsPerReceiver: 0.2 };
    const swarm = { fixedSeconds: 0.3, cpuSecondsPerReceiver: 0 };
    expect(breakEvenBytes({ ...CONTEST, server, swarm, cores: 1 }, 1)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it.each([
    ['equal uplinks', alike],
    ['any uplinks', anyContest],
  ])('has the server before it and the swarm from it on: %s', (_, contests) => {
    fc.assert(
      fc.property(
        contests,
        receivers,
        fc.double({ min: 0, max: 4, noNaN: true }),
        (c, n, times) => {
          const file = breakEvenBytes(c, n);
          const probe = Math.min(file, 2 ** 40) * times;
          const { server, swarm } = predictedSeconds(c, n, probe);
          const tolerance = 1e-9 * server;
          if (probe >= file) expect(swarm).toBeLessThan(server + tolerance);
          if (probe < file - 1) expect(swarm).toBeGreaterThanOrEqual(server - tolerance);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('falls with every core more, when starting peers is dear', () => {
    const files = [1, 2, 8, Number.POSITIVE_INFINITY].map((cores) =>
      breakEvenBytes({ ...CONTEST, cores }, 8),
    );
    expect(files).toEqual([...files].sort((a, b) => b - a));
    expect(files[0]).toBeGreaterThan(files[3]!);
  });
});
