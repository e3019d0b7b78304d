// What a test needs of the machine: programs, which scripts/install-tools.sh brings, and conditions
// that no package brings. A test that lacks one is skipped and listed at the end (skips.ts). With
// HUBSWARM_REQUIRE=all a missing program is a failure.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestOptions } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** What the machine lacks, of a skipped test. */
    lacks?: string;
  }
}

/** A system, a right, a part of the kernel. */
export interface Condition {
  name: string;
  holds: () => boolean;
}

export const LINUX: Condition = { name: 'Linux', holds: () => process.platform === 'linux' };
export const POSIX: Condition = { name: 'no Windows', holds: () => process.platform !== 'win32' };
export const ROOT: Condition = { name: 'root', holds: () => process.getuid?.() === 0 };
export const NO_ROOT: Condition = {
  name: 'a user other than root',
  holds: () => process.getuid?.() !== 0,
};

export const MOUNTS: Condition = {
  name: 'the right to mount',
  holds: () =>
    // In a container root may lack the right; a mount of its own namespace shows it.
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'hubswarm-test', '/mnt']).status === 0,
};

export const HOLES: Condition = {
  name: 'a file system with holes below the temporary directory',
  holds: () => {
    const directory = mkdtempSync(join(tmpdir(), 'hubswarm-test-'));
    const path = join(directory, 'hole');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 20);
    const { blocks } = statSync(path);
    rmSync(directory, { recursive: true });
    return blocks * 512 < 2 ** 19;
  },
};

export const TRACES: Condition = {
  name: 'the right to trace processes',
  holds: () => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0,
};

/** Options of a test or a suite. A string is a program of PATH. Conditions need all programs. */
export function needs(...all: (string | Condition)[]): TestOptions {
  const programs = all.filter((need) => typeof need === 'string');
  const missing = programs.filter((program) => !hasCommand(program));
  if (missing.length > 0 && process.env.HUBSWARM_REQUIRE === 'all') {
    throw new Error(`HUBSWARM_REQUIRE=all, and not installed: ${missing.join(', ')}`);
  }
  const conditions = all.filter((need) => typeof need !== 'string');
  const lacks =
    missing.length > 0
      ? missing
      : conditions.filter((condition) => !condition.holds()).map(({ name }) => name);
  return lacks.length > 0 ? { skip: true, meta: { lacks: lacks.join(', ') } } : {};
}

/** Whether a program can be found in PATH. */
export function hasCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
