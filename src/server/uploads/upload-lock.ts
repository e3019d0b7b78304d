// One writer for an upload, among processes and machines that share the root and
// may be killed at any moment. The lock is the highest numbered of the files
// `lock-<n>`; one whose holder is gone is taken over by making number n + 1, which
// the file system grants to one only. So there is no moment at which a live lock is
// removed on the strength of what was read before.
//
// A holder of this machine is gone when its process is; one of another machine (or
// container) when it has not touched the file for a while. A holder that finds that
// it was late itself has lost the lock and must stop writing: `lost` aborts.
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { bootId } from './upload-record.ts';

const HEARTBEAT_MS = 5000;
/** Chosen: some heartbeats may be late on a busy machine or a slow network disk. */
const DEAD_MS = 30_000;

export interface UploadLock {
  /** Aborts when another may have taken the lock over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

const holderSchema = z.object({
  /** Machine, boot and process namespace: where `pid` means something. */
  place: z.string(),
  pid: z.number(),
  /** When the process began, since a pid is used again; '' where that is not told. */
  started: z.string(),
  free: z.boolean(),
});
type Holder = z.infer<typeof holderSchema>;

/** Undefined when another holds it. @throws ENOENT when the directory is gone */
export async function lockUpload(directory: string): Promise<UploadLock | undefined> {
  const last = Math.max(0, ...(await numbersIn(directory)));
  if (last > 0 && (await isHeld(join(directory, nameOf(last))))) return undefined;
  const number = last + 1;
  if (!(await take(directory, number, { ...(await self), free: false }))) return undefined;
  const path = join(directory, nameOf(number));
  const lost = new AbortController();
  let touchedAt = performance.now();
  const touch = guarded('keeping the lock of an upload', async () => {
    if (performance.now() - touchedAt > DEAD_MS - HEARTBEAT_MS) {
      lost.abort(new HubswarmError('ERR_ABORTED', 'the lock of the upload was lost'));
    }
    const now = new Date();
    try {
      await utimes(path, now, now);
      touchedAt = performance.now();
    } catch {
      // Tried again, until the lock is lost.
    }
  });
  const timer = setInterval(touch, HEARTBEAT_MS);
  timer.unref();
  const release = async (): Promise<void> => {
    clearInterval(timer);
    // The directory may be gone with the upload.
    await take(directory, number + 1, { ...(await self), free: true }).catch(() => undefined);
  };
  return { lost: lost.signal, release };
}

const nameOf = (number: number): string => `lock-${number}`;

const numbersIn = async (directory: string): Promise<number[]> =>
  (await readdir(directory)).flatMap((entry) => {
    const match = /^lock-(\d{1,15})$/.exec(entry);
    return match ? [Number(match[1])] : [];
  });

async function isHeld(path: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const holder = parseHolder(text);
    if (!holder || holder.free) return false;
    const { place } = await self;
    if (holder.place !== place) return Date.now() - mtimeMs < DEAD_MS;
    return (await startOf(holder.pid)) === holder.started && isRunning(holder.pid);
  } catch (error) {
    // Gone: another has just taken a higher one.
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** False when another was quicker. */
async function take(directory: string, number: number, holder: Holder): Promise<boolean> {
  // A link makes the file appear with its content; 'wx' would show it empty.
  const temporary = join(directory, `.${randomUUID()}`);
  try {
    await writeFile(temporary, JSON.stringify(holder), { mode: 0o600 });
    await link(temporary, join(directory, nameOf(number)));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  const all = await numbersIn(directory);
  // What was read was old: the numbers up to a higher one were cleared meanwhile.
  const late = all.some((other) => other > number);
  const obsolete = late ? [number] : all.filter((other) => other < number);
  for (const other of obsolete) await rm(join(directory, nameOf(other)), { force: true });
  return !late;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return systemCode(error) === 'EPERM';
  }
}

/** Field 22 of proc_pid_stat(5); the name before it may hold anything but its last ')'. */
const startOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '',
    () => '',
  );

const self: Promise<Holder> = (async () => {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  const place = `${hostname()} ${await bootId} ${namespace}`;
  return { place, pid: process.pid, started: await startOf(process.pid), free: false };
})();
