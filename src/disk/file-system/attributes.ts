// Reads what a file on a disk is beside its bytes, and gives it to another one. What the file system
// refuses is left as it is: the bytes are worth having without it.
import type { Stats } from 'node:fs';
import { type FileAttributes, isDatable } from '../../content/attributes.ts';
import type { Handle } from './file-calls.ts';

const MAY_READ = 0o444;
const OWNER_MAY_RUN = 0o100;
const OWNER_MAY_READ = 0o400;
const OWNER_MAY_ALL = 0o700;
/** Nobody but its owner may write to a file because a stranger says so. */
const ONLY_OWNER_WRITES = 0o755;

export function attributesOf({ mtimeMs, mode }: Pick<Stats, 'mtimeMs' | 'mode'>) {
  // Windows tells the kind of a file by its name.
  const executable = process.platform === 'win32' ? undefined : (mode & OWNER_MAY_RUN) !== 0;
  return { modifiedMs: mtimeMs, executable };
}

/** What a remote can be told: no date that formats cannot write. */
export function tellableAttributesOf(stats: Stats): FileAttributes {
  const { modifiedMs, executable } = attributesOf(stats);
  return { modifiedMs: isDatable(modifiedMs) ? modifiedMs : undefined, executable };
}

/** Whether a file has these attributes, to the millisecond. */
export function hasAttributes(
  stats: Pick<Stats, 'mtimeMs' | 'mode'>,
  wanted: FileAttributes,
): boolean {
  const { modifiedMs, executable } = attributesOf(stats);
  if (Math.abs(modifiedMs - (wanted.modifiedMs ?? modifiedMs)) >= 1) return false;
  return (wanted.executable ?? executable) === executable;
}

/** Who may read an executable file may run it, as with `rsync --executability`. */
export async function applyAttributes(handle: Handle, attributes: FileAttributes): Promise<void> {
  const { modifiedMs, executable, mode } = attributes;
  if (modifiedMs === undefined && executable === undefined && mode === undefined) return;
  const before = (await handle.stat()).mode & 0o777;
  const bits = modeOf(before, attributes);
  if (bits !== before) await handle.chmod(bits).catch(() => undefined);
  if (modifiedMs === undefined) return;
  // Node.js takes a negative number for the present time, but not a date before 1970.
  await handle.utimes(new Date(), new Date(modifiedMs)).catch(() => undefined);
}

/**
 * Gives a directory that is made here the attributes, once nothing in it changes any more. Its owner
 * always lists, enters and writes to it.
 */
export async function applyToDirectory(
  handle: Handle,
  { modifiedMs, mode }: FileAttributes,
): Promise<void> {
  if (mode !== undefined) {
    // Who owns what is made in it may be the directory's, by a bit of the system that made it.
    const kept = (await handle.stat()).mode & ~0o777 & 0o7777;
    const bits = (mode & ONLY_OWNER_WRITES) | OWNER_MAY_ALL;
    await handle.chmod(bits | kept).catch(() => undefined);
  }
  await applyAttributes(handle, { modifiedMs });
}

function modeOf(bits: number, { executable, mode }: FileAttributes): number {
  if (mode !== undefined) return (mode & ONLY_OWNER_WRITES) | OWNER_MAY_READ;
  if (executable === undefined) return bits;
  const run = (bits & MAY_READ) >> 2;
  return executable ? bits | run : bits & ~0o111;
}
