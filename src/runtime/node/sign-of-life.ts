// A sign of life between processes that share files and see no common process table: they run in two
// containers or on two machines. Who wants to know puts the time of the holder's file to 1970. A
// holder that runs looks at its file twice a second, and gives it another time then. Only whether
// the time changes counts, so clocks may differ; and nothing is written while nobody asks.
import { open, utimes } from 'node:fs/promises';
import type { Cancel, Timers } from '../clock.ts';
import { systemCode } from '../errors.ts';
import { unawaited } from '../guarded.ts';

const LOOK_MS = 500;
/** A busy machine or a slow network disk may delay some looks. Chosen. */
export const SILENT_AFTER_MS = 5000;

/** Time for which a holder that saw its file is sure to be the holder: half of what another waits. */
const SURE_FOR_MS = SILENT_AFTER_MS / 2;

export interface Signs {
  /**
   * Looks at the file if the last look was long ago: this process may have stood still meanwhile.
   * Undefined if it was not. `onGone` is called before it resolves.
   */
  confirm(): Promise<void> | undefined;
  readonly cancel: Cancel;
}

/**
 * Answers for the holder of this file, which belongs to this process.
 *
 * @param onGone called once if the file is gone: another holder was put in its place
 */
export function giveSigns(path: string, clock: Timers, onGone: () => Promise<void> | void): Signs {
  let given: number | undefined;
  let seenAt = clock.now();
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const begun = clock.now();
    try {
      if ((await timeOf(path)) !== given) {
        const now = new Date();
        await utimes(path, now, now);
        given = await timeOf(path);
      }
      seenAt = begun;
    } catch (error) {
      // Other failures of a network disk pass.
      if (systemCode(error) !== 'ENOENT') return;
      cancel();
      await onGone();
    }
  };
  const lookOnce = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const cancel = clock.every(LOOK_MS, 'giving a sign of life', () =>
    unawaited('giving a sign of life', lookOnce()),
  );
  const confirm = (): Promise<void> | undefined =>
    clock.now() - seenAt > SURE_FOR_MS ? lookOnce() : undefined;
  return { confirm, cancel };
}

/** Whether the holder of this file gives a sign of life. @throws of the file system */
export async function givesSign(path: string, clock: Timers): Promise<boolean> {
  await utimes(path, 0, 0);
  const asked = await timeOf(path);
  const until = clock.now() + SILENT_AFTER_MS;
  while (clock.now() < until) {
    await clock.sleep(LOOK_MS);
    if ((await timeOf(path)) !== asked) return true;
  }
  return false;
}

/** Opened, since a network file system tells the time anew then. */
async function timeOf(path: string): Promise<number> {
  const handle = await open(path, 'r');
  try {
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
  }
}
