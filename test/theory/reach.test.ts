import fc from 'fast-check';
import { expect, it } from 'vitest';
import { REACH, type Service } from '../../src/theory/reach.ts';

const CROWD = { receivers: 4, pieces: 16 };
const SERVICES = Object.keys(REACH) as Service[];

it.each<[Service, number, number]>([
  ['server', 0, 0],
  ['server', 3.99, 0],
  ['server', 4, 1],
  ['serial server', 0.99, 0],
  ['serial server', 1, 0.25],
  ['serial server', 2.7, 0.5],
  ['serial server', 9, 1],
  ['mirrored server', 0, 1],
  ['swarm', 0.99, 0],
  ['swarm', 1, 1],
  ['random swarm', 0.99, 0],
  ['random swarm', 4, 1],
])('%s, origin dead after %d copies: reach %d', (service, copies, reach) => {
  expect(REACH[service](copies, CROWD)).toBeCloseTo(reach, 9);
});

it('grows with what was sent; a swarm is never behind the random one', () => {
  const given = fc.record({
    receivers: fc.integer({ min: 1, max: 8 }),
    pieces: fc.integer({ min: 1, max: 40 }),
  });
  const copies = fc.double({ min: 0, max: 9, noNaN: true });
  fc.assert(
    fc.property(given, copies, copies, (crowd, a, b) => {
      for (const service of SERVICES) {
        const low = REACH[service](Math.min(a, b), crowd);
        const high = REACH[service](Math.max(a, b), crowd);
        expect(high).toBeGreaterThanOrEqual(low - 1e-12);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1 + 1e-12);
      }
      expect(REACH.swarm(a, crowd)).toBeGreaterThanOrEqual(REACH['random swarm'](a, crowd) - 1e-12);
    }),
  );
});
