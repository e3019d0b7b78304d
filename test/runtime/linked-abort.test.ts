import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { attempt, LinkedAbort } from '../../src/runtime/linked-abort.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('LinkedAbort', () => {
  it('aborts with the reason of whichever parent aborts first', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const linked = new LinkedAbort([one.signal, other.signal]);
    const reason = new Error('enough');
    other.abort(reason);
    one.abort(new Error('later'));
    expect(linked.signal.reason).toBe(reason);
  });

  it('is aborted from the beginning when a parent is', () => {
    const reason = new Error('over');
    expect(new LinkedAbort([AbortSignal.abort(reason)]).signal.reason).toBe(reason);
  });

  it('aborts after its time, and not once it was released', () => {
    vi.useFakeTimers();
    try {
      const [late, released] = [new LinkedAbort([], 100), new LinkedAbort([], 100)];
      released.release();
      vi.advanceTimersByTime(100);
      expect(late.signal.reason).toMatchObject({ name: 'TimeoutError' });
      expect(released.signal.aborted).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('leaves nothing with its parent, however many attempts there were and how they ended', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 100; i++) {
      const tried = attempt([signal], 1000, async () => {
        expect(listeners(signal)).toBe(1);
        if (i % 2 === 0) throw new Error('in vain');
      });
      await tried.catch(() => {});
    }
    expect(listeners(signal)).toBe(0);
  });
});
