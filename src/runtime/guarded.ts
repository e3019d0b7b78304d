// Callbacks that have no caller: those of timers, of listeners, and of promises that nobody awaits.
// If one of them throws, the Node.js process ends, and what it works on may have come from a
// remote. So the rooms that face remotes make each of them here, and test/guarded.test.ts finds
// those that are not. A failure is reported, undoes what the callback was for (`onFailure`), and
// the process goes on.

/** A callback's failures are reported once in so long, however often it fails. Chosen. */
const TELL_EVERY_MS = 60_000;

type TellFailure = (what: string, error: unknown) => void;

/** Receives failures; until the program sets it they are thrown as uncaught errors, as in tests. */
let tell: TellFailure = (_what, error) => {
  queueMicrotask(() => {
    throw error;
  });
};
const toldAt = new Map<string, number>();

/** Sets who receives failures, for the whole process. */
export function hearFailures(listener: TellFailure): void {
  tell = listener;
}

/**
 * A callback that never throws, and whose promise, if it returns one, never rejects.
 *
 * @param what it does, as in "watching transfers": a constant, for the report
 * @param onFailure ends what the callback was for, as by closing a stream
 */
export function guarded<A extends unknown[]>(
  what: string,
  callback: (...args: A) => unknown,
  onFailure?: (error: unknown) => void,
): (...args: A) => void {
  const fail = (error: unknown): void => {
    tellFailure(what, error);
    try {
      onFailure?.(error);
    } catch (second) {
      tellFailure(what, second);
    }
  };
  return (...args) => {
    try {
      const result = callback(...args);
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** Lets a promise go on without being awaited; its failure is reported. */
export function unawaited(
  what: string,
  promise: Promise<unknown>,
  onFailure?: (error: unknown) => void,
): void {
  guarded(what, () => promise, onFailure)();
}

/** Reports a failure of code that was not made here, such as a package's. */
export function tellFailure(what: string, error: unknown): void {
  const now = performance.now();
  const before = toldAt.get(what);
  if (before !== undefined && now - before < TELL_EVERY_MS) return;
  toldAt.set(what, now);
  tell(what, error);
}
