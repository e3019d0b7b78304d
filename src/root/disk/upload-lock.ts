// Gives an upload one writer, among processes and machines that share the root and may be killed at
// any moment (see numbered-lock.ts). A holder on this machine is gone if its process is. A holder
// on another machine (or container) is gone if it has not touched the file for 30 s. A holder that
// finds that it touched the file too late has lost the lock and must stop writing: `lost` aborts.
import { readFile, readlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { isRunning } from '../../runtime/node/alive.ts';
import { type Holder, takeLock } from '../../runtime/node/numbered-lock.ts';
import type { UploadLock } from '../unfinished.ts';
import { bootId } from './boot-id.ts';

const HEARTBEAT_MS = 5000;
/**
 * Time without a touch after which a holder counts as gone. Chosen: some touches may be late on a
 * busy machine or a slow network disk.
 */
const DEAD_MS = 30_000;

const processSchema = z.object({
  /** Machine, boot and process namespace, in which `pid` has a meaning. */
  place: z.string(),
  pid: z.number(),
  /** Start time of the process, since a pid is used again; '' if the system does not tell it. */
  started: z.string(),
});
type Process = z.infer<typeof processSchema>;

const markSchema = processSchema.extend({ free: z.boolean() });

/**
 * Locks the upload; undefined if another process holds the lock.
 *
 * @throws ENOENT if the directory is gone
 */
export async function lockUpload(directory: string): Promise<UploadLock | undefined> {
  const lock = await takeLock(directory, byPlace(await self));
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

const byPlace = (self: Process): Holder => ({
  mark: (free) => JSON.stringify({ ...self, free }),
  isHeld: async (mark, touchedMs) => {
    const holder = parseMark(mark);
    if (!holder || holder.free) return false;
    if (holder.place !== self.place) return Date.now() - touchedMs < DEAD_MS;
    return (await startOf(holder.pid)) === holder.started && isRunning(holder.pid);
  },
});

function parseMark(mark: string): z.infer<typeof markSchema> | undefined {
  try {
    return markSchema.parse(JSON.parse(mark));
  } catch {
    return undefined;
  }
}

/** Field 22 of proc_pid_stat(5); the name before it may hold anything but its last ')'. */
const startOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '',
    () => '',
  );

const self: Promise<Process> = (async () => {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  const place = `${hostname()} ${await bootId} ${namespace}`;
  return { place, pid: process.pid, started: await startOf(process.pid) };
})();
