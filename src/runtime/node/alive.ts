// Names a process, so that others can tell later whether it still runs. A pid alone is not enough:
// after a restart of the machine, or of a container, it belongs to another process. Where the system
// tells the start of a process, no time of the wall clock is used, since that may be set.
import { readFile, readlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { systemCode } from '../errors.ts';
import { bootId } from './boot-id.ts';

export interface ProcessMark {
  /** Machine, boot and process namespace, in which `pid` has a meaning. */
  readonly place: string;
  readonly pid: number;
  /** Start of the process, as /proc tells it; '' if the system does not tell it. */
  readonly started: string;
}

/** Clocks are set a little after the boot: a file is not older for that. */
const CLOCK_SLACK_MS = 10_000;

export const thisProcess: Promise<ProcessMark> = (async () => {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  const place = `${hostname()} ${await bootId} ${namespace}`;
  return { place, pid: process.pid, started: await startOf(process.pid) };
})();

/** A mark from a file; undefined if it makes no sense. */
export function toProcessMark(value: unknown): ProcessMark | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { place, pid, started } = value as Record<string, unknown>;
  if (typeof place !== 'string' || typeof started !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { place, pid, started };
}

/**
 * Whether the process runs. One in another place is unknown here, and counts as gone.
 *
 * @param writtenAtMs when the mark was written (ms since 1970), for systems that tell no start
 */
export async function isAlive(mark: ProcessMark, writtenAtMs: number): Promise<boolean> {
  if (mark.place !== (await thisProcess).place) return false;
  if ((await startOf(mark.pid)) !== mark.started) return false;
  if (mark.started !== '') return true;
  return writtenAtMs >= Date.now() - uptime() * 1000 - CLOCK_SLACK_MS && isRunning(mark.pid);
}

/**
 * Whether the process ran on another machine or in another container, so that nothing here tells
 * whether it still does. One of an earlier boot of this machine has ended.
 */
export async function isElsewhere({ place }: ProcessMark): Promise<boolean> {
  const self = (await thisProcess).place;
  const [host, boot] = place.split(' ');
  const [ownHost, ownBoot] = self.split(' ');
  return place !== self && (host !== ownHost || boot === ownBoot);
}

/** Whether any process has that pid now. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process runs, as another user.
    return systemCode(error) === 'EPERM';
  }
}

/**
 * Field 22 of proc_pid_stat(5); '' for a process that has ended. The name before the fields may hold
 * anything but its last ')'.
 */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; its parent has not taken notice.
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
}
