// Trees of small files for tests of mirrors.
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** Visible paths; the text of files, what a link leads to. A hub may be at work below hidden ones. */
export async function contents(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const walk = async (below: string): Promise<void> => {
    for (const name of await readdir(join(root, below))) {
      if (name.startsWith('.')) continue;
      const path = join(below, name);
      const stats = await lstat(join(root, path));
      if (stats.isSymbolicLink()) found[path] = `-> ${await readlink(join(root, path))}`;
      else found[path] = stats.isFile() ? await readFile(join(root, path), 'utf8') : '/';
      if (stats.isDirectory()) await walk(path);
    }
  };
  await walk('');
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
