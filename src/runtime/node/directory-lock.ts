// One process of this machine for a directory that it keeps for itself. The lock's file holds the
// pid of its process, 0 when it was given back.
import { fileError } from '../errors.ts';
import { isAlive } from './alive.ts';
import { type Holder, takeLock } from './numbered-lock.ts';

/** Gives the directory back. */
export type Release = () => Promise<void>;

const FREE = 0;

const byPid: Holder = {
  mark: (free) => String(free ? FREE : process.pid),
  // In a container every start may have the same pid: then a killed one left it.
  isHeld: (mark, touchedMs) => Number(mark) !== process.pid && isAlive(Number(mark), touchedMs),
};

/**
 * Locks an existing directory; undefined when a running process holds it.
 *
 * @throws HubswarmError of the file system
 */
export async function lockDirectory(dir: string): Promise<Release | undefined> {
  try {
    return (await takeLock(dir, byPid))?.release;
  } catch (error) {
    throw fileError(error, dir);
  }
}
