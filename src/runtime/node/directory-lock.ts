// One holder for a directory, among processes that may be killed at any moment.
// The lock is the highest numbered of the files `lock-<n>`, and holds its
// process' pid (0 when it was given back). A lock whose process is gone is taken
// over by creating number n + 1, which the file system grants to one only;
// there is no moment at which a live lock is removed on the strength of what was
// read before. The highest is only ever removed once there is a higher.
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemCode } from '../errors.ts';
import { isAlive } from './alive.ts';

/** Gives the directory back. */
export type Release = () => Promise<void>;

const FREE = 0;
/** The lock files of this process. */
const own = new Set<string>();

/**
 * Locks an existing directory; undefined when a running process holds it.
 *
 * @throws HubswarmError of the file system
 */
export async function lockDirectory(dir: string): Promise<Release | undefined> {
  try {
    const last = await highest(dir);
    if (last > 0 && (await isHeld(join(dir, name(last))))) return undefined;
    return await acquire(dir, last + 1);
  } catch (error) {
    throw fileError(error, dir);
  }
}

const name = (number: number): string => `lock-${number}`;

const numbers = async (dir: string): Promise<number[]> =>
  (await readdir(dir)).flatMap((entry) => {
    const match = /^lock-(\d{1,15})$/.exec(entry);
    return match ? [Number(match[1])] : [];
  });

const highest = async (dir: string): Promise<number> => Math.max(0, ...(await numbers(dir)));

async function isHeld(path: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const pid = Number(text);
    // In a container every start may have the same pid: then it is what a killed one left.
    return pid === process.pid ? own.has(path) : isAlive(pid, mtimeMs);
  } catch (error) {
    // Gone: another process has just taken a higher one.
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

async function acquire(dir: string, number: number): Promise<Release | undefined> {
  const path = join(dir, name(number));
  // Another call of this process is about to take it.
  if (own.has(path)) return undefined;
  // Before it appears: until then it is nobody's.
  own.add(path);
  let taken = false;
  try {
    taken = await put(dir, number, process.pid);
  } finally {
    if (!taken) own.delete(path);
  }
  if (!taken) return undefined;
  return async () => {
    await put(dir, number + 1, FREE);
    own.delete(path);
  };
}

/** False when another process was faster. */
async function put(dir: string, number: number, pid: number): Promise<boolean> {
  // A link makes the file appear with its content; 'wx' would show it empty.
  const temporary = join(dir, `.${randomUUID()}`);
  try {
    await writeFile(temporary, String(pid), { mode: 0o600 });
    await link(temporary, join(dir, name(number)));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  const all = await numbers(dir);
  // What was read was old: the numbers up to a higher one were cleared meanwhile.
  if (all.some((other) => other > number)) {
    await rm(join(dir, name(number)), { force: true });
    return false;
  }
  for (const other of all) if (other < number) await rm(join(dir, name(other)), { force: true });
  return true;
}
