// One process for a directory that it keeps for itself, among those that share the file system. A
// holder that this process can see is judged by the process table, any other by its signs of life.
import { systemClock, type Timers } from '../clock.ts';
import { fileError, HubswarmError } from '../errors.ts';
import { isAlive, type ProcessMark, thisProcess, toProcessMark } from './alive.ts';
import { type NumberedLock, takeLock } from './numbered-lock.ts';
import { giveSigns, givesSign, SILENT_AFTER_MS } from './sign-of-life.ts';

/** Gives the directory back. */
export type Release = () => Promise<void>;

/** The lock's file when it was given back. */
const FREE = '0';

/** Told of a directory that another process has taken: this one must write nothing in it any more. */
type HearLoss = (error: HubswarmError) => void;
let tellLoss: HearLoss | undefined;

/** Sets who ends the process when it has lost a directory. */
export function hearLosses(listener: HearLoss | undefined): void {
  tellLoss = listener;
}

interface LockOptions {
  /** Told what a person should know of a lock that changed hands without being given back. */
  readonly warn: (message: string) => void;
  readonly clock?: Timers | undefined;
}

/**
 * Locks an existing directory, or tells who holds it. That takes some seconds if the last holder is
 * on another machine or in another container, and did not give it back.
 *
 * @throws HubswarmError of the file system
 */
export async function lockDirectory(
  dir: string,
  { warn, clock = systemClock }: LockOptions,
): Promise<{ release: Release } | { heldBy: string }> {
  const self = await thisProcess;
  let last: ProcessMark | undefined;
  let lock: NumberedLock | undefined;
  try {
    lock = await takeLock(dir, {
      mark: (free) => (free ? FREE : JSON.stringify(self)),
      isHeld: async (mark, touchedMs, path) => {
        last = parseMark(mark);
        if (!last) return false;
        if (last.place !== self.place) return givesSign(path, clock);
        // In a container every start may have the same pid: then a killed one left it.
        return last.pid !== self.pid && isAlive(last, touchedMs);
      },
    });
  } catch (error) {
    throw fileError(error, dir);
  }
  if (!lock) return { heldBy: last ? nameOf(last) : 'another process' };
  if (last && last.place !== self.place) {
    const silence = `gave no sign of life for ${SILENT_AFTER_MS / 1000} s`;
    warn(`${dir}: taken over from ${nameOf(last)}, which did not give it back and ${silence}`);
  }
  const { path, release } = lock;
  const signs = giveSigns(path, clock, () => {
    const message = `${dir}: taken over by another process, since this one stood still for more than ${SILENT_AFTER_MS / 1000} s`;
    if (tellLoss) tellLoss(new HubswarmError('ERR_NOT_PERMITTED', `${message}; it ends here`));
    else warn(`${message}; stop one of the two`);
  });
  return {
    release: async () => {
      signs.cancel();
      await release();
    },
  };
}

/** For a person. */
const nameOf = ({ place, pid }: ProcessMark): string => `process ${pid} on ${place.split(' ')[0]}`;

function parseMark(mark: string): ProcessMark | undefined {
  try {
    return toProcessMark(JSON.parse(mark));
  } catch {
    return undefined;
  }
}
