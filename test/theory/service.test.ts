import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fluidSwarmBound, serverBound, type Uplinks } from '../../src/theory/bounds.ts';
import {
  equalUplinkServerBound,
  replicasNeeded,
  serialCompletionSeconds,
  serialMeanSeconds,
} from '../../src/theory/service.ts';

/** Several servers that each have the origin's uplink, whatever divides receivers among them. */
const replicated = (links: Uplinks, replicas: number) =>
  serverBound({ ...links, originUplink: replicas * links.originUplink });

const LINKS: Uplinks = {
  fileBytes: 100,
  receivers: 4,
  originUplink: 10,
  receiverUplink: 10,
  downlink: 1000,
};

const anyLinks: fc.Arbitrary<Uplinks> = fc
  .record({
    fileBytes: fc.integer({ min: 1, max: 1000 }),
    originUplink: fc.integer({ min: 1, max: 50 }),
    receiverUplink: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 40 }),
    downlink: fc.integer({ min: 1, max: 500 }),
  })
  .map((links) => ({ ...links, receivers: links.receiverUplink.length }));

describe('a server that serves one after the other', () => {
  it('is done with each in turn, and with all when fair sharing is', () => {
    const times = [1, 2, 3, 4].map((k) => serialCompletionSeconds(LINKS, k));
    expect(times).toEqual([10, 20, 30, 40]);
    expect(times.at(-1)).toBe(serverBound(LINKS).seconds);
    expect(serialMeanSeconds(LINKS)).toBe(25);
  });

  it('is held up by a downlink slower than its uplink', () => {
    expect(serialCompletionSeconds({ ...LINKS, downlink: 5 }, 2)).toBe(40);
  });

  it('has the mean of its completions', () => {
    fc.assert(
      fc.property(anyLinks, (links) => {
        let sum = 0;
        for (let k = 1; k <= links.receivers; k++) sum += serialCompletionSeconds(links, k);
        expect(serialMeanSeconds(links)).toBeCloseTo(sum / links.receivers, 6);
      }),
    );
  });

  it.each([0, 5])('has no receiver %i of 4', (k) => {
    expect(() => serialCompletionSeconds(LINKS, k)).toThrow(/invariant/);
  });
});

describe('replicas', () => {
  it.each([
    ['equal uplinks need one a receiver', {}, 4],
    ['a server alone is as fast for one receiver', { receivers: 1 }, 1],
    ['free riders need no replica', { receiverUplink: 0 }, 1],
    // 4 copies over 10 + 4 x 5 = 30 bytes a second, three times the origin's.
    ['half the uplink each', { receiverUplink: 5 }, 3],
    // 7.000000000000001 as the machine divides.
    [
      'as many as without rounding',
      { fileBytes: 17, receivers: 8, originUplink: 1, receiverUplink: 0.75 },
      7,
    ],
    ['a slow downlink asks for fewer', { downlink: 5 }, 2],
  ])('%s', (_, over, replicas) => {
    expect(replicasNeeded({ ...LINKS, ...over })).toBe(replicas);
  });

  it('are enough, and one fewer is not', () => {
    fc.assert(
      fc.property(anyLinks, (links) => {
        const swarm = fluidSwarmBound(links).seconds;
        const needed = replicasNeeded(links);
        expect(replicated(links, needed).seconds).toBeLessThanOrEqual(swarm * (1 + 1e-9));
        if (needed === 1) return;
        expect(replicated(links, needed - 1).seconds).toBeGreaterThan(swarm);
      }),
    );
  });

  it('with the uplink of the whole swarm are never later than it, and equal where that limits', () => {
    fc.assert(
      fc.property(anyLinks, (links) => {
        const swarm = fluidSwarmBound(links);
        const server = equalUplinkServerBound(links);
        expect(server.seconds).toBeLessThanOrEqual(swarm.seconds);
        if (swarm.name === 'all uplinks together') expect(server.seconds).toBe(swarm.seconds);
      }),
    );
  });
});
