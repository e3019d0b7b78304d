// A wait with a limit.
import { systemClock, type Timers } from './clock.ts';

/** What the promise gives; undefined when that takes longer. It goes on then. */
export async function within<T>(
  ms: number,
  promise: Promise<T>,
  clock: Timers = systemClock,
): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.after(ms, 'ending a wait', () => late.resolve(undefined));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}
