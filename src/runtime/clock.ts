// Time as a port: code that waits, or calls back later, gets a clock, so that tests and simulations
// can bring their own.
import { platform } from '#platform';
import { guarded } from './guarded.ts';

/** Monotonic milliseconds and a way to wait for them. */
export interface Clock {
  /** Milliseconds on a clock that never steps back. The origin is arbitrary. */
  now(): number;
  /** Resolves at or after `ms` from now. @throws the signal's reason when it aborts */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ends a timer; does nothing if it will not fire again. */
export type Cancel = () => void;

/**
 * A clock that calls back. A callback that throws ends nothing: the failure is reported under the
 * name `what`, as in "waking a swarm" (see guarded.ts).
 */
export interface Timers extends Clock {
  /** Calls back once, at or after `ms` from now. */
  after(ms: number, what: string, run: () => void): Cancel;
  /** Calls back every `ms`, the first time after so long. */
  every(ms: number, what: string, run: () => void): Cancel;
  /** Calls back at the end of this turn of the event loop. */
  soon(what: string, run: () => void): void;
}

export const systemClock: Timers = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = guarded('ending a sleep', () => {
        clearTimeout(timer);
        reject(signal?.reason);
      });
      const wake = guarded('waking from a sleep', () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
  after: (ms, what, run) => {
    const timer = setTimeout(guarded(what, run), ms);
    return () => clearTimeout(timer);
  },
  every: (ms, what, run) => {
    const timer = setInterval(guarded(what, run), ms);
    return () => clearInterval(timer);
  },
  soon: platform.soon,
};
