// Gives an upload one writer, among processes and machines that share the root and may be killed at
// any moment (see numbered-lock.ts). A holder on this machine is gone if its process is. A holder
// on another machine (or container) is gone if it has not touched the file for 30 s. A holder that
// finds that it touched the file too late has lost the lock and must stop writing: `lost` aborts.
import { utimes } from 'node:fs/promises';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { isAlive, type ProcessMark, thisProcess, toProcessMark } from '../../runtime/node/alive.ts';
import { type Holder, takeLock } from '../../runtime/node/numbered-lock.ts';
import type { UploadLock } from '../unfinished.ts';

const HEARTBEAT_MS = 5000;
/**
 * Time without a touch after which a holder counts as gone. Chosen: some touches may be late on a
 * busy machine or a slow network disk.
 */
const DEAD_MS = 30_000;

/**
 * Locks the upload; undefined if another process holds the lock.
 *
 * @throws ENOENT if the directory is gone
 */
export async function lockUpload(directory: string): Promise<UploadLock | undefined> {
  const lock = await takeLock(directory, byPlace(await thisProcess));
  if (!lock) return undefined;
  const lost = new AbortController();
  let touchedAt = performance.now();
  const touch = guarded('keeping the lock of an upload', async () => {
    if (performance.now() - touchedAt > DEAD_MS - HEARTBEAT_MS) {
      lost.abort(new HubswarmError('ERR_ABORTED', 'the lock of the upload was lost'));
    }
    const now = new Date();
    try {
      await utimes(lock.path, now, now);
      touchedAt = performance.now();
    } catch {
      // The touch is tried again, until the lock is lost.
    }
  });
  const timer = setInterval(touch, HEARTBEAT_MS);
  timer.unref();
  const release = async (): Promise<void> => {
    clearInterval(timer);
    // The directory may be gone together with the upload.
    await lock.release().catch(() => undefined);
  };
  return { lost: lost.signal, release };
}

const byPlace = (self: ProcessMark): Holder => ({
  mark: (free) => JSON.stringify({ ...self, free }),
  isHeld: async (mark, touchedMs) => {
    const holder = parseMark(mark);
    if (!holder) return false;
    if (holder.place === self.place) return isAlive(holder, touchedMs);
    // A touch far ahead of this clock is no sign of life: the clock was set since.
    return Math.abs(Date.now() - touchedMs) < DEAD_MS;
  },
});

/** Undefined if it was given back, or makes no sense. */
function parseMark(mark: string): ProcessMark | undefined {
  try {
    const value = JSON.parse(mark);
    return value.free === false ? toProcessMark(value) : undefined;
  } catch {
    return undefined;
  }
}
