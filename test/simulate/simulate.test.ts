import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SimulationSetup } from '../../src/simulate/setup.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { PIECE, setup, UP } from './setups.ts';

/** Small swarms of every kind. */
const anySetup: fc.Arbitrary<SimulationSetup> = fc
  .record({
    receivers: fc.integer({ min: 1, max: 10 }),
    pieces: fc.integer({ min: 1, max: 24 }),
    lastPiece: fc.integer({ min: 1, max: PIECE }),
    originUplink: fc.constantFrom(UP, UP / 4, 4 * UP),
    classes: fc.array(
      fc.record({
        uplink: fc.constantFrom(UP, UP / 4, 4 * UP),
        downlink: fc.constantFrom(UP / 2, 5 * UP),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    most: fc.constantFrom(0, 5, 60),
    degree: fc.constantFrom(2, 4, null),
    seed: fc.nat(),
    staggerMs: fc.constantFrom(0, 50, 2000),
    lingerMs: fc.constantFrom(null, 0, 500),
    lifetime: fc.constantFrom(null, { meanMs: 3000 }, { meanShare: 0.5 }),
    kill: fc.constantFrom(null, { copies: 0.5 }, { copies: 1.1 }, { ms: 900 }),
    freeRiders: fc.constantFrom(0, 1),
    poisoners: fc.constantFrom(0, 0, 1),
  })
  .map(({ pieces, lastPiece, most, ...rest }) =>
    setup({
      ...rest,
      fileBytes: (pieces - 1) * PIECE + lastPiece,
      latencyMs: { least: most / 2, most },
    }),
  );

describe('a simulation', () => {
  it('is the same run again with the same seed, byte for byte', async () => {
    const given = setup({
      receivers: 12,
      latencyMs: { least: 1, most: 30 },
      lifetime: { meanMs: 20_000 },
      staggerMs: 20,
      freeRiders: 2,
      poisoners: 1,
    });
    const [first, again, other] = await Promise.all([
      simulate(given),
      simulate(given),
      simulate({ ...given, seed: 2 }),
    ]);
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    expect(other.receivers).not.toEqual(first.receivers);
  });

  it('never beats the fluid bound, and loses no byte', async () => {
    await fc.assert(
      fc.asyncProperty(anySetup, async (given) => {
        const result = await simulate(given);
        const { makespanMs, bounds } = result;
        if (makespanMs !== null) {
          expect(makespanMs / 1000).toBeGreaterThanOrEqual(bounds.fluid!.seconds * (1 - 1e-9));
          expect(makespanMs / 1000).toBeGreaterThanOrEqual(
            (bounds.wholePieces?.seconds ?? 0) * (1 - 1e-9),
          );
        }
        expect(result.sentBytes).toBe(
          result.receivedBytes + result.lostBytes + result.underWayBytes,
        );
        const whole = result.receivers.filter(({ completedMs }) => completedMs !== null);
        expect(whole).toHaveLength(result.completed);
        for (const { receivedBytes } of whole) {
          expect(receivedBytes).toBeGreaterThanOrEqual(given.fileBytes);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('moves each piece to each receiver once where nobody leaves', async () => {
    const given = setup({ receivers: 9 });
    const result = await simulate(given);
    expect(result).toMatchObject({ outcome: 'completed', completed: 9, lostBytes: 0 });
    for (const { receivedBytes, duplicateBytes } of result.receivers) {
      expect(receivedBytes - duplicateBytes).toBe(given.fileBytes);
    }
    expect(result.efficiency).toBeGreaterThan(0.7);
    expect(result.efficiency).toBeLessThanOrEqual(1);
  });

  it('goes on without an origin that dies once each piece is with somebody', async () => {
    const { completed, outcome, origin, firstCopy } = await simulate(
      setup({ kill: { copies: 1.015 }, fileBytes: 128 * PIECE }),
    );
    expect({ completed, outcome }).toEqual({ completed: 6, outcome: 'completed' });
    expect(origin.copies).toBeCloseTo(1.015, 2);
    expect(firstCopy!.ms).toBeLessThan(origin.diedMs!);
    expect(firstCopy!.copies).toBeLessThan(1.01);
  });

  it('stalls when the origin dies too soon, and says how much is lost', async () => {
    const { completed, outcome, lostPieces, firstCopy, efficiency } = await simulate(
      setup({ kill: { copies: 0.5 } }),
    );
    expect({ completed, outcome }).toEqual({ completed: 0, outcome: 'stalled' });
    expect(lostPieces).toBeGreaterThanOrEqual(16);
    expect(lostPieces).toBeLessThan(19);
    expect([firstCopy, efficiency]).toEqual([null, null]);
  });

  it('lets receivers go when they are complete, and the others complete all the same', async () => {
    const { completed, receivers } = await simulate(
      setup({ lingerMs: 100, staggerMs: 300, receivers: 10 }),
    );
    expect(completed).toBe(10);
    expect(receivers.map(({ joinedMs }) => joinedMs)).toEqual(
      Array.from({ length: 10 }, (_, i) => 300 * i),
    );
    const left = receivers.filter(({ leftMs }) => leftMs !== null);
    expect(left.length).toBeGreaterThan(3);
    // Or later, when those who still fetch have every piece among them.
    for (const { leftMs, completedMs } of left) {
      expect(leftMs! - completedMs!).toBeGreaterThanOrEqual(100 - 1e-6);
    }
  });

  it('lets receivers vanish, and completes those that stay', async () => {
    const { completed, outcome, receivers } = await simulate(
      setup({ lifetime: { meanMs: 2000 }, receivers: 40, fileBytes: 128 * PIECE }),
    );
    const stayed = receivers.filter(({ leftMs }) => leftMs === null);
    expect(outcome).toBe('completed');
    expect(completed).toBeGreaterThan(0);
    expect(completed).toBeLessThan(40);
    for (const { completedMs } of stayed) expect(completedMs).not.toBeNull();
  });

  it('takes every second one away by what it has, and completes the others', async () => {
    const { outcome, receivers } = await simulate(
      setup({ lifetime: { meanShare: 0.5 }, receivers: 40, fileBytes: 128 * PIECE }),
    );
    expect(outcome).toBe('completed');
    const gone = receivers.flatMap(({ leftMs }, i) => (leftMs === null ? [] : [i]));
    // exp(-2) of the lives are longer than the file.
    expect(gone.length).toBeGreaterThan(10);
    expect(gone.every((i) => i % 2 === 1)).toBe(true);
    for (const i of gone) {
      const { receivedBytes, completedMs } = receivers[i]!;
      expect(completedMs).toBeNull();
      expect(receivedBytes).toBeLessThan(128 * PIECE);
    }
  });

  it('lets the origin die the moment each piece is with somebody', async () => {
    const { completed, origin, firstCopy } = await simulate(
      setup({ kill: { firstCopy: true }, receivers: 20 }),
    );
    expect(completed).toBe(20);
    expect(origin.diedMs).toBe(firstCopy!.ms);
  });

  it('lets nobody take the last copy of a piece along, with the origin dead', async () => {
    // Without that, each of these runs lost a piece for good.
    for (let seed = 1; seed <= 8; seed++) {
      const given = { kill: { firstCopy: true }, lingerMs: 0, receivers: 12, seed } as const;
      const { completed, lostPieces } = await simulate(setup(given));
      expect({ completed, seed }).toEqual({ completed: 12, seed });
      // All have left, each with all of it.
      expect(lostPieces).toBe(0);
    }
  });

  it('deals the classes of links out in turn, and the fast ones give more', async () => {
    const { receivers } = await simulate(
      setup({
        receivers: 6,
        classes: [UP, 4 * UP].map((uplink) => ({ uplink, downlink: 20 * UP })),
        fileBytes: 128 * PIECE,
      }),
    );
    expect(receivers.map(({ uplink }) => uplink / UP)).toEqual([1, 4, 1, 4, 1, 4]);
    const sent = (uplink: number): number =>
      receivers.filter((r) => r.uplink === uplink).reduce((sum, r) => sum + r.sentBytes, 0);
    expect(sent(4 * UP)).toBeGreaterThan(sent(UP));
  });

  it('has free riders that give nothing, and are told apart', async () => {
    const { receivers, completed, makespanMs, freeRidersMs } = await simulate(
      setup({ freeRiders: 2 }),
    );
    expect(completed).toBe(6);
    expect(receivers.map(({ isFreeRider }) => isFreeRider).slice(3)).toEqual([false, true, true]);
    for (const { isFreeRider, sentBytes } of receivers) {
      expect(sentBytes === 0).toBe(isFreeRider);
    }
    const last = (among: typeof receivers) =>
      Math.max(...among.map(({ completedMs }) => completedMs!));
    expect(makespanMs).toBe(last(receivers.filter(({ isFreeRider }) => !isFreeRider)));
    expect(freeRidersMs).toBe(last(receivers.filter(({ isFreeRider }) => isFreeRider)));
  });

  it('has poisoners that nobody waits for', async () => {
    const { receivers, completed, outcome } = await simulate(setup({ poisoners: 2 }));
    expect({ completed, outcome }).toEqual({ completed: 6, outcome: 'completed' });
    const refused = receivers.reduce((sum, { refusedPieces }) => sum + refusedPieces, 0);
    expect(refused).toBeGreaterThan(0);
  });

  it('draws latencies from a range, and feels them', async () => {
    const [near, far] = await Promise.all(
      [5, 100].map((most) => simulate(setup({ latencyMs: { least: 5, most } }))),
    );
    expect(far!.makespanMs).toBeGreaterThan(near!.makespanMs! + 50);
  });

  it('ends when its time is up', async () => {
    const { outcome, completed, virtualMs } = await simulate(setup({ limitMs: 300 }));
    expect({ outcome, completed }).toEqual({ outcome: 'time is up', completed: 0 });
    expect(virtualMs).toBeLessThanOrEqual(300);
  });

  it('stops when it is told to, and tells how far it is until then', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const run = simulate(setup({ receivers: 40, fileBytes: 128 * PIECE }), {
      signal: abort.signal,
      onProgress: (bytes, total) => {
        seen.push(bytes);
        expect(total).toBe(40 * 128 * PIECE);
        if (bytes > 1000 * PIECE) abort.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThan(40 * 128 * PIECE);
  });

  it('keeps as many grants open as it is told', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map((turns) => simulate(setup({ turns, latencyMs: { least: 20, most: 20 } }))),
    );
    expect(one!.makespanMs).toBeGreaterThan(1.1 * two!.makespanMs!);
  });

  it('hands sessions what is under study', async () => {
    const choked = simulate(setup({ limitMs: 60_000 }), {
      session: { downlinkBytesPerSecond: 1 },
    });
    const { makespanMs } = await choked;
    const free = await simulate(setup());
    expect(makespanMs).toBeGreaterThan(free.makespanMs!);
  });
});
