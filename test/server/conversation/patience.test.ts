import { describe, expect, it } from 'vitest';
import { Patience } from '../../../src/server/conversation/patience.ts';

const [STALL_MS, KIB] = [30_000, 1024];

/** Chunks that are taken, of those that come so many ms apart. */
function taken(patience: Patience, everyMs: number, bytes: number, most = 1000): number {
  for (let count = 0; count < most; count++) if (!patience.take(everyMs, bytes)) return count;
  return most;
}

describe('the patience with a sender', () => {
  it.each([
    ['a byte a second', 1000, 1, 30],
    ['a byte each 29 s', 29_000, 1, 1],
    ['4 KiB a second', 1000, 4 * KIB, 480],
    ['5 KiB a second', 1000, 5 * KIB, 1000],
    ['150 KiB each 29 s', 29_000, 150 * KIB, 1000],
  ])('with %s ends', (_, everyMs, bytes, count) => {
    expect(taken(new Patience(STALL_MS), everyMs, bytes)).toBe(count);
  });

  it.each([1000, 29_000])('is not bought by what came early: a byte each %i ms', (everyMs) => {
    const patience = new Patience(STALL_MS);
    // A GiB in a second.
    for (let i = 0; i < 1024; i++) expect(patience.take(1, 2 ** 20)).toBe(true);
    const count = taken(patience, everyMs, 1);
    expect(count).toBeLessThanOrEqual((2 * STALL_MS) / everyMs);
  });
});
