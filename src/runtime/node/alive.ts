// Whether the process that wrote a file still runs. A pid alone is not enough: after a restart of
// the machine it belongs to another process.
import { uptime } from 'node:os';
import { systemCode } from '../errors.ts';

/** Clocks are set a little after the boot: a file is not older for that. */
const CLOCK_SLACK_MS = 10_000;

/** Whether the process runs that wrote `pid` at `writtenAt` (ms since 1970). */
export function isAlive(pid: number, writtenAt: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (writtenAt < Date.now() - uptime() * 1000 - CLOCK_SLACK_MS) return false;
  return isRunning(pid);
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
