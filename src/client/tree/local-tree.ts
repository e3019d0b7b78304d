// Walks what lies below a mirrored directory, and removes entries of it. Links are entries like
// others and never followed. A hub does not list hidden names, nor names that no URL gives back.
// Such a name says nothing about the hub, so it counts as foreign: it is not entered and never
// removed. So does a directory that cannot be read.
import type { Stats } from 'node:fs';
import { readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import { describeError, fileError, HubswarmError } from '../../runtime/errors.ts';
import { LocalEntry } from './local-entry.ts';
import { reasonToLeave } from './local-files.ts';
import { isStaging } from './staging-name.ts';
import { deepestFirst, splitPath } from './tree-path.ts';
import { TREE_RECORD_NAME } from './tree-record.ts';

export interface LocalTree {
  /** Entries by relative path, with '/'. */
  readonly entries: ReadonlyMap<string, LocalEntry>;
  /** Foreign paths, and why each is left alone. */
  readonly foreign: ReadonlyMap<string, string>;
  /** Paths of staging files that interrupted runs left. */
  readonly stagings: readonly string[];
}

/** Calls of stat at once. Chosen: hides their latency. */
const STATS_AT_ONCE = 32;

/** @throws HubswarmError ERR_NOT_PERMITTED if the root itself cannot be read */
export async function readLocalTree(root: LocalDirectory): Promise<LocalTree> {
  const entries = new Map<string, LocalEntry>();
  const others = await walkLocalTree(root, (path, stats) => {
    entries.set(path, new LocalEntry(stats));
  });
  return { entries, ...others };
}

/**
 * Tells each entry, a directory before what is in it, and keeps none of them: a tree can have hundreds of
 * thousands.
 *
 * @throws HubswarmError ERR_NOT_PERMITTED if the root itself cannot be read
 */
export async function walkLocalTree(
  root: LocalDirectory,
  tell: (path: string, stats: Stats) => void,
): Promise<Omit<LocalTree, 'entries'>> {
  const foreign = new Map<string, string>();
  const stagings: string[] = [];
  const walk = async (directory: LocalDirectory, below: string): Promise<void> => {
    const names: string[] = [];
    for (const name of await namesIn(directory)) {
      const reason = reasonToLeave(name);
      if (isStaging(name)) stagings.push(below + name);
      else if (reason === undefined) names.push(name);
      else if (below + name !== TREE_RECORD_NAME) foreign.set(below + name, reason);
    }
    for (const [name, stats] of await statAll(directory, names)) {
      const path = below + name;
      tell(path, stats);
      if (!stats.isDirectory()) continue;
      await directory
        .within([name], (inside) => walk(inside, `${path}/`))
        .catch((error: unknown) => foreign.set(path, describeError(error)));
    }
  };
  await walk(root, '');
  return { foreign, stagings };
}

async function namesIn(directory: LocalDirectory): Promise<string[]> {
  try {
    return await readdir(directory.at(''));
  } catch (error) {
    throw fileError(error, directory.path);
  }
}

async function statAll(
  directory: LocalDirectory,
  names: readonly string[],
): Promise<[string, Stats][]> {
  const found: [string, Stats][] = [];
  for (let from = 0; from < names.length; from += STATS_AT_ONCE) {
    const some = names.slice(from, from + STATS_AT_ONCE);
    const stats = await Promise.all(some.map((name) => directory.stat(name)));
    for (const [index, each] of stats.entries()) if (each) found.push([some[index]!, each]);
  }
  return found;
}

/** Removes one entry; a directory must be empty. @throws HubswarmError ERR_EXISTS if it is not */
export async function removeEntry(parent: LocalDirectory, name: string): Promise<void> {
  try {
    const stats = await parent.stat(name);
    if (stats) await (stats.isDirectory() ? rmdir : unlink)(parent.at(name));
  } catch (error) {
    throw fileError(error, join(parent.path, name));
  }
}

/**
 * Removes a directory and all below it; removes nothing if it holds a foreign name.
 *
 * @throws HubswarmError ERR_EXISTS
 */
export async function removeTree(parent: LocalDirectory, name: string): Promise<void> {
  const { entries, foreign, stagings } = await parent.within([name], readLocalTree);
  const [kept] = foreign.keys();
  if (kept !== undefined) {
    const path = join(parent.path, name);
    throw new HubswarmError('ERR_EXISTS', `${path}: holds ${kept}, which is not removed`);
  }
  await parent.within([name], async (directory) => {
    for (const path of deepestFirst([...entries.keys(), ...stagings])) {
      await removePath(directory, path);
    }
  });
  await removeEntry(parent, name);
}

export async function removePath(root: LocalDirectory, path: string): Promise<void> {
  const { parents, name } = splitPath(path);
  await root.within(parents, (parent) => removeEntry(parent, name));
}
