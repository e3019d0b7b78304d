// What npm packs, and what npm makes of it elsewhere.
import { execFile } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(import.meta.dirname, '../../..');
export const execute = promisify(execFile);

/** The tarball of what is built. The build itself is left to others: tests run beside this one. */
export async function pack(into: string): Promise<string> {
  const { stdout } = await execute(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', into],
    { cwd: ROOT },
  );
  return join(into, stdout.trim());
}

/** Installs the tarball into an empty folder below `dir`, without a registry. Returns the folder. */
export async function installAlone(dir: string): Promise<string> {
  const tarball = await pack(dir);
  const empty = join(dir, 'empty');
  await mkdir(empty);
  const options = ['--offline', '--no-audit', '--cache', join(dir, 'cache')];
  await execute('npm', ['install', tarball, ...options], { cwd: empty });
  return empty;
}

/** Of all files below a folder, in bytes. */
export async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
