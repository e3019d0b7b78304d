// AutoRate in front of a simulated bottleneck: what it uses, what queues, and how
// soon it follows. Every case for several seeds of jitter.
import { describe, expect, it } from 'vitest';
import { AutoRate } from '../../src/link/auto-rate.ts';
import { createRng } from '../../src/runtime/rng.ts';
import { Bottleneck, type Second } from './bottleneck.ts';

const MBIT = 125_000;
const PIECE = 256 * 1024;
const SEEDS = [1, 2, 3, 4, 5];

function uplink(mbit: number, seed: number, rttMs = 20): Bottleneck {
  const rng = createRng(seed);
  return new Bottleneck({ capacity: mbit * MBIT, rttMs, window: 2 * PIECE, rng });
}

function share(seconds: readonly Second[], capacity: number): number {
  return seconds.reduce((sum, { own }) => sum + own, 0) / (seconds.length * capacity);
}

/** The queue that is not exceeded for 95 % of the time, in ms. */
function queueOf(seconds: readonly Second[]): number {
  const sorted = seconds.flatMap(({ queueMs }) => queueMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)]!;
}

function expectUsed(seconds: readonly Second[], capacity: number): void {
  expect(share(seconds, capacity)).toBeGreaterThan(0.85);
  expect(queueOf(seconds)).toBeLessThan(100);
}

describe('AutoRate', () => {
  it.each([1, 5, 20, 100])('uses an uplink of %i Mbit/s and leaves no queue in it', (mbit) => {
    for (const seed of SEEDS) {
      const line = uplink(mbit, seed);
      line.run(6);
      expectUsed(line.run(30), line.capacity);
    }
  });

  it.each([4, 100])('does so at a distance of %i ms', (rttMs) => {
    for (const seed of SEEDS) {
      const line = uplink(20, seed, rttMs);
      line.run(6);
      expectUsed(line.run(30), line.capacity);
    }
  });

  it.each([4, 20, 80])('follows within 10 s when %i Mbit/s become a quarter, and back', (mbit) => {
    for (const seed of SEEDS) {
      const line = uplink(mbit, seed);
      line.run(20);
      for (const capacity of [line.capacity / 4, line.capacity]) {
        line.capacity = capacity;
        line.run(10);
        expectUsed(line.run(10), capacity);
      }
    }
  });

  it('makes room for traffic that does not give way, and takes the room back', () => {
    for (const seed of SEEDS) {
      const line = uplink(20, seed);
      line.run(20);
      line.others = line.capacity / 2;
      line.run(10);
      expectUsed(line.run(10), line.capacity / 2);
      line.others = 0;
      line.run(10);
      expectUsed(line.run(10), line.capacity);
    }
  });

  it('does not hold back where pieces in flight are too few to queue', () => {
    for (const seed of SEEDS) {
      const line = uplink(1000, seed, 2);
      const [first] = line.run(1);
      expect(first!.own / line.capacity).toBeGreaterThan(0.5);
      expect(share(line.run(20), line.capacity)).toBeGreaterThan(0.97);
    }
  });

  it('takes a delay that stays for the way, not for a queue', () => {
    for (const seed of SEEDS) {
      const line = uplink(20, seed);
      line.run(20);
      line.rttMs += 120;
      line.run(15);
      expectUsed(line.run(15), line.capacity);
    }
  });

  it('keeps its rate while there is nothing to send', () => {
    const line = uplink(20, 1);
    line.run(20);
    line.wants = false;
    line.run(2);
    const before = line.auto.bytesPerSecond;
    line.run(60);
    expect(line.auto.bytesPerSecond).toBe(before);
    line.wants = true;
    expect(share(line.run(3), line.capacity)).toBeGreaterThan(0.8);
  });

  it('does not start before the first probe is back', () => {
    const auto = new AutoRate();
    const before = auto.bytesPerSecond;
    for (let now = 0; now < 5000; now += 100) auto.noteSilence(now, 'a', 0);
    expect([auto.started, auto.bytesPerSecond]).toEqual([false, before]);
    auto.noteEcho(5000, { path: 'a', sentAt: 4990, sentBytes: 0 });
    expect(auto.started).toBe(true);
    expect(auto.bytesPerSecond).toBeGreaterThan(before);
  });

  it('stays above a floor, whatever it is told', () => {
    const rng = createRng(7);
    const auto = new AutoRate();
    for (let now = 1000; now < 600_000; now += 10 + rng.below(2000)) {
      const sentBytes = now + rng.below(100_000);
      auto.noteEcho(now, { path: `${rng.below(400)}`, sentAt: now - rng.below(1000), sentBytes });
      expect(auto.bytesPerSecond).toBeGreaterThanOrEqual(8 * 1024);
    }
  });
});
