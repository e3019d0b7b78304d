// Global set-up of the lanes that run the binary: the binary under test is the one of these sources.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

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

/** Whether the build holds caches of this Node.js (src/launch.ts). */
function isForThisNode(): boolean {
  return existsSync(join(ROOT, `dist/cache/${process.version}-${process.arch}`));
}

export function setup(): void {
  const sources = ['src', 'package.json', 'scripts/build.mjs', 'scripts/lib'].map((path) =>
    join(ROOT, path),
  );
  if (isForThisNode() && builtAt() > Math.max(...sources.map(newest))) return;
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' });
}
