// One process of this machine for a directory that it keeps for itself.
import { fileError } from '../errors.ts';
import { isAlive, isElsewhere, type ProcessMark, thisProcess, toProcessMark } from './alive.ts';
import { type Holder, takeLock } from './numbered-lock.ts';

/** Gives the directory back. */
export type Release = () => Promise<void>;

/** The lock's file when it was given back. */
const FREE = '0';

const byProcess = (self: ProcessMark, onElsewhere: () => void): Holder => ({
  mark: (free) => (free ? FREE : JSON.stringify(self)),
  isHeld: async (mark, touchedMs) => {
    const holder = parseMark(mark);
    if (holder && (await isElsewhere(holder))) onElsewhere();
    // In a container every start may have the same pid: then a killed one left it.
    if (!holder || holder.pid === self.pid) return false;
    return isAlive(holder, touchedMs);
  },
});

/**
 * Locks an existing directory; undefined when a running process holds it.
 *
 * @param onElsewhere called if it is taken from a process on another machine or in another
 * container that did not give it back, and may still run
 * @throws HubswarmError of the file system
 */
export async function lockDirectory(
  dir: string,
  onElsewhere: () => void = () => undefined,
): Promise<Release | undefined> {
  try {
    return (await takeLock(dir, byProcess(await thisProcess, onElsewhere)))?.release;
  } catch (error) {
    throw fileError(error, dir);
  }
}

function parseMark(mark: string): ProcessMark | undefined {
  try {
    return toProcessMark(JSON.parse(mark));
  } catch {
    return undefined;
  }
}
