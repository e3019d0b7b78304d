// How a command finds the daemon that it may leave its work to, and has it done.
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { DaemonLine } from '../../daemon/call-daemon.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import type { Event } from '../../telemetry/event.ts';
import { SeveralFailures } from './run.ts';

export interface DaemonFlags {
  data?: string;
}

export const noDaemonOption = (): Option =>
  new Option(
    '--no-daemon',
    'do not leave it to a daemon that runs: be a peer of its own meanwhile',
  );

const dataDirOf = ({ data }: DaemonFlags): string => resolve(data ?? userDirectory('data'));

/** Undefined if none runs. @throws HubswarmError ERR_NOT_PERMITTED for one of another user */
export async function openDaemon(flags: DaemonFlags): Promise<DaemonLine | undefined> {
  const { findDaemon } = await import('../../daemon/call-daemon.ts');
  return findDaemon(dataDirOf(flags));
}

/** @throws HubswarmError ERR_NOT_FOUND if none runs */
export async function needDaemon(flags: DaemonFlags): Promise<DaemonLine> {
  const line = await openDaemon(flags);
  if (line) return line;
  const { data } = flags;
  const given = data === undefined ? '' : ` --data ${data}`;
  throw new HubswarmError(
    'ERR_NOT_FOUND',
    `no daemon runs (${dataDirOf(flags)}); start one with: hubswarm daemon${given}`,
  );
}

/**
 * Has the daemon obey one command after another; one that fails does not stop the rest.
 *
 * @throws SeveralFailures for those that failed; the signal's reason
 */
export async function obeyEach(
  flags: DaemonFlags,
  commands: readonly string[],
  signal: AbortSignal,
  hear: (event: Event) => void,
): Promise<void> {
  const failures: unknown[] = [];
  for (const command of commands) {
    try {
      const line = await needDaemon(flags);
      await line.command(command, signal, (told) => hear(told as unknown as Event));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new SeveralFailures(failures);
}
