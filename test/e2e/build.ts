// Vitest's global set-up: the binary under test is the one of these sources.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Apart from the user's own, and from another run's. */
export const USER_DIRECTORY = join(tmpdir(), `hubswarm-test-${process.pid}`);

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function builtAt(): number {
  try {
    return statSync(join(ROOT, 'dist/cli.js')).mtimeMs;
  } catch {
    return 0;
  }
}

/** What the binary keeps for a user while it is tested (vitest.config.ts). */
export function teardown(): void {
  rmSync(USER_DIRECTORY, { recursive: true, force: true });
}

export function setup(): void {
  const sources = ['src', 'package.json', 'scripts/build.mjs', 'scripts/warm-up.mjs'].map((path) =>
    join(ROOT, path),
  );
  if (builtAt() > Math.max(...sources.map(newest))) return;
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' });
}
