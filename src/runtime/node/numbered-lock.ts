// One holder for a directory, among processes that may be killed at any moment. The lock is the
// highest numbered of the files `lock-<n>`. One whose holder is gone is taken over by making
// number n + 1, which the file system grants to one only: there is no moment at which a live lock
// is removed on the strength of what was read before. The highest is only ever removed once there
// is a higher. What such a file says, and when its holder is gone, is the Holder's.
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

export interface Holder {
  /** What the file says while this process has the lock, and when it has given it back. */
  mark(free: boolean): string;
  /**
   * Whether the lock of another process is still held.
   *
   * @param touchedMs when its file was last written, ms of the epoch
   * @param path of its file
   */
  isHeld(mark: string, touchedMs: number, path: string): boolean | Promise<boolean>;
}

export interface NumberedLock {
  /** Its file. */
  readonly path: string;
  /** Gives the directory back. */
  release(): Promise<void>;
}

/** The lock files of this process. */
const own = new Set<string>();

/** Locks an existing directory; undefined when another holds it. @throws of the file system */
export async function takeLock(
  directory: string,
  holder: Holder,
): Promise<NumberedLock | undefined> {
  const last = Math.max(0, ...(await numbersIn(directory)));
  if (last > 0 && (await isHeld(pathOf(directory, last), holder))) return undefined;
  const number = last + 1;
  const path = pathOf(directory, number);
  // Another call of this process is about to take it.
  if (own.has(path)) return undefined;
  // Before it appears: until then it is nobody's.
  own.add(path);
  let taken = false;
  try {
    taken = await put(directory, number, holder.mark(false));
  } finally {
    if (!taken) own.delete(path);
  }
  if (!taken) return undefined;
  const release = async (): Promise<void> => {
    try {
      await put(directory, number + 1, holder.mark(true));
    } finally {
      own.delete(path);
    }
  };
  return { path, release };
}

const pathOf = (directory: string, number: number): string => join(directory, `lock-${number}`);

const numbersIn = async (directory: string): Promise<number[]> =>
  (await readdir(directory)).flatMap((entry) => {
    const match = /^lock-(\d{1,15})$/.exec(entry);
    return match ? [Number(match[1])] : [];
  });

async function isHeld(path: string, holder: Holder): Promise<boolean> {
  if (own.has(path)) return true;
  try {
    const [mark, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return await holder.isHeld(mark, mtimeMs, path);
  } catch (error) {
    // Gone: another has just taken a higher one.
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

/** False when another was quicker. */
async function put(directory: string, number: number, mark: string): Promise<boolean> {
  // A link makes the file appear with its content; 'wx' would show it empty.
  const temporary = join(directory, `.${randomUUID()}`);
  try {
    await writeFile(temporary, mark, { mode: 0o600 });
    await link(temporary, pathOf(directory, number));
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
  for (const other of obsolete) await rm(pathOf(directory, other), { force: true });
  return !late;
}
