// Which balancers are installed; tests that need one say why they are skipped.
import { spawnSync } from 'node:child_process';
import type { Program } from '../../src/balance/check-config.ts';

export const PROGRAMS: readonly Program[] = ['nginx', 'haproxy'];

export function isInstalled(program: Program): boolean {
  return spawnSync(program, ['-v']).error === undefined;
}

/** For a test's name. */
export const skipNote = (program: Program): string =>
  isInstalled(program) ? '' : ` (skipped: ${program} is not installed)`;
