// Gives an upload one writer, among processes and machines that share the root and may be killed at
// any moment (see numbered-lock.ts). A holder that this process can see is judged by the process table,
// any other by its signs of life, since clocks of machines differ. A holder that stood still and finds
// another in its place must stop writing: `lost` aborts, and `confirm` throws.
import { stat } from 'node:fs/promises';
import { systemClock, type Timers } from '../../runtime/clock.ts';
import { isAlive, type ProcessMark, thisProcess, toProcessMark } from '../../runtime/node/alive.ts';
import { takeLock } from '../../runtime/node/numbered-lock.ts';
import { giveSigns, givesSign } from '../../runtime/node/sign-of-life.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { UploadLock } from '../unfinished.ts';

const LOST =
  'another process writes this upload now, since this one stood still; ask where it ends';

/**
 * Locks the upload; undefined if another process holds the lock. That takes some seconds if the last
 * holder is on another machine or in another container, and did not give it back.
 *
 * @throws ENOENT if the directory is gone
 */
export async function lockUpload(
  directory: string,
  clock: Timers = systemClock,
): Promise<UploadLock | undefined> {
  const self = await thisProcess;
  const lock = await takeLock(directory, {
    mark: (free) => JSON.stringify({ ...self, free }),
    isHeld: async (mark, touchedMs, path) => {
      const holder = parseMark(mark);
      if (!holder) return false;
      return holder.place === self.place ? isAlive(holder, touchedMs) : givesSign(path, clock);
    },
  });
  if (!lock) return undefined;
  const lost = new AbortController();
  const lose = async (): Promise<void> => {
    // The directory may be gone together with the upload: then nobody else has the lock.
    const isThere = await stat(directory).then(
      () => true,
      () => false,
    );
    if (isThere) lost.abort(new Refusal('ERR_LOCKED', LOST));
  };
  const signs = giveSigns(lock.path, clock, lose);
  const confirm = (): Promise<void> | undefined => {
    if (lost.signal.aborted) return Promise.reject(lost.signal.reason);
    return signs.confirm()?.then(() => lost.signal.throwIfAborted());
  };
  const release = async (): Promise<void> => {
    signs.cancel();
    await lock.release().catch(() => undefined);
  };
  return { lost: lost.signal, confirm, release };
}

/** Undefined if it was given back, or makes no sense. */
function parseMark(mark: string): ProcessMark | undefined {
  try {
    const value = JSON.parse(mark);
    return value.free === false ? toProcessMark(value) : undefined;
  } catch {
    return undefined;
  }
}
