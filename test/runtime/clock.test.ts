import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';

const LONG_MS = 3_600_000;

describe('a sleep', () => {
  it('ends with the reason of its signal, or does not begin', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const sleep = systemClock.sleep(LONG_MS, abort.signal);
    abort.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    await expect(systemClock.sleep(LONG_MS, abort.signal)).rejects.toBe(reason);
  });

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController();
    await systemClock.sleep(1, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
