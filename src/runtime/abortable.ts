import { guarded } from './guarded.ts';

/** The promise, or the signal's reason as soon as it aborts. What the promise is of goes on. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = (): void => undefined;
  // Not Promise.withResolvers: Node.js 20 lacks it, and hubswarm/content does not add it.
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = guarded('giving up a wait', () => reject(signal.reason));
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
