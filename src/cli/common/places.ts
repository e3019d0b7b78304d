// Paths that a command line names, looked at before anything is started: one of the wrong kind is
// wrong usage. One that is missing is not: it may be made, or come later.
import { type Stats, statSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { fileError, HubswarmError } from '../../runtime/errors.ts';

/** Every option of a `<dir>`, a `<file>` or a `[file]`, and every argument that is a directory. */
export function refuseWrongPlaces(command: Command): void {
  for (const option of command.options) {
    const check = checkOf(option);
    if (check) {
      command.on(`option:${option.name()}`, (path: string | null) => check(option.long!, path));
    }
  }
  const at = command.registeredArguments.findIndex((argument) => argument.name() === 'dir');
  if (at < 0) return;
  command.hook('preAction', () => checkDirectory('DIR', command.args[at] ?? null));
}

function checkOf({ flags }: Option): ((label: string, path: string | null) => void) | undefined {
  if (flags.endsWith('<dir>')) return checkDirectory;
  return /[<[]file[\]>]$/.test(flags) ? checkFile : undefined;
}

/** @throws HubswarmError ERR_USAGE */
export function checkDirectory(label: string, path: string | null): void {
  // 'none' stands for no directory where that is a choice.
  if (path === null || path === 'none' || (lookAt(path)?.isDirectory() ?? true)) return;
  throw new HubswarmError('ERR_USAGE', `${label}: ${path} is a file; give a directory`);
}

function checkFile(label: string, path: string | null): void {
  if (path === null || !lookAt(path)?.isDirectory()) return;
  throw new HubswarmError('ERR_USAGE', `${label}: ${path} is a directory; give a file`);
}

/**
 * What is to be shared or named: it must be there.
 *
 * @throws HubswarmError ERR_USAGE for a pipe, a device or a socket; what the file system says
 */
export function checkSource(label: string, path: string): void {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw fileError(error, label);
  }
  if (stats.isFile() || stats.isDirectory()) return;
  const accepted = 'only regular files and directories can be shared';
  throw new HubswarmError('ERR_USAGE', `${label}: is a special file; ${accepted}`);
}

/** Undefined for what cannot be looked at: who uses it says why. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
