import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { msToAge } from '../../../src/disk/file-system/stamp-age.ts';

const NOW = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
afterEach(() => void vi.useRealTimers());

it.each([
  ['of now', [NOW], 20],
  ['of a while ago', [NOW - 5], 15],
  ['that is old enough', [NOW - 20], 0],
  ['that is older', [NOW - 1000], 0],
  ['in the future, which somebody set', [NOW + 5], 0],
  ['young, beside one in the future and an old one', [NOW + 5, NOW - 5, NOW - 1000], 15],
])('waits for the tick after a time %s', (_, times, ms) => {
  expect(msToAge(times)).toBe(ms);
});

it('waits for no file', () => {
  expect(msToAge([])).toBe(0);
});
