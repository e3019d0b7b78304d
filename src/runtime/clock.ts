import { setTimeout as delay } from 'node:timers/promises';

/** Monotonic milliseconds and a way to wait for them; tests bring their own. */
export interface Clock {
  /** Milliseconds on a clock that never steps back. The origin is arbitrary. */
  now(): number;
  /** Resolves at or after `ms` from now; rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
