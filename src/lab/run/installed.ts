// Whether a rival's programs are on this machine.
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Rival } from '../terms/rival.ts';

/** Where daemons lie, which need not be in a user's PATH. */
export const DAEMONS = ['/usr/sbin', '/sbin'];
/** Time for a probe, as for a library to load. */
const PROBE_MS = 10_000;

/** What it lacks, in words; undefined if it can be run. */
export function lackOfPrograms({ programs, probe }: Rival): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}, and rivals need Linux`;
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  return probe && !succeeds(probe) ? `'${probe.join(' ')}' fails` : undefined;
}

const isInstalled = (program: string): boolean =>
  [...(process.env.PATH ?? '').split(delimiter), ...DAEMONS].some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

function succeeds([program, ...args]: readonly string[]): boolean {
  try {
    execFileSync(program!, args, { stdio: 'ignore', timeout: PROBE_MS });
    return true;
  } catch {
    return false;
  }
}
