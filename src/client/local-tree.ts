// The directory that a remote tree is mirrored into. Every step below it is a real
// directory: a symbolic link in the way is refused, since it may lead out. Hidden names
// are nobody's business here: a hub lists none, so none is ever removed.
import { lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, HubswarmError, systemCode } from '../runtime/errors.ts';
import type { RemoteTree } from './remote-tree.ts';

/** @throws HubswarmError when something else is in the place of a directory */
export async function makeDirectories(root: string, directories: readonly string[]): Promise<void> {
  await mkdir(root, { recursive: true }).catch((error: unknown) => {
    // A directory would have been taken as it is.
    if (systemCode(error) !== 'EEXIST') throw fileError(error, root);
    throw new HubswarmError('ERR_EXISTS', `${root}: is not a directory; give one, or a new name`);
  });
  // Parents come first.
  for (const path of directories) await makeDirectory(join(root, path));
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileError(error, path);
    if ((await lstat(path)).isDirectory()) return;
    throw new HubswarmError('ERR_EXISTS', `${path}: is in the place of a directory`);
  }
}

/** Removes what the remote tree does not hold. Resolves to the paths, relative. */
export async function removeExtras(root: string, tree: RemoteTree): Promise<string[]> {
  const files = new Set(tree.files.map(({ path }) => path));
  const directories = new Set(tree.directories);
  const removed: string[] = [];
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      const wanted = entry.isDirectory() ? directories.has(path) : files.has(path);
      if (entry.isDirectory()) await visit(path);
      if (wanted) continue;
      if (await remove(join(root, path), entry.isDirectory())) removed.push(path);
    }
  };
  await visit('');
  return removed;
}

/** A directory stays when something hidden is in it. */
async function remove(path: string, isDirectory: boolean): Promise<boolean> {
  try {
    await (isDirectory ? rmdir(path) : rm(path));
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOTEMPTY') return false;
    throw fileError(error, path);
  }
}
