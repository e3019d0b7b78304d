// Names of partial files. One lies beside its target, so that the last step is a rename within one
// file system, under a name that carries the end of the root CID: versions of a target never mix.
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { CID } from 'multiformats/cid';
import { fileError, systemCode } from '../../runtime/errors.ts';
import { nameBeside } from '../../runtime/node/name-beside.ts';

/** Tells versions of one target apart: the end of the root CID. */
export const shortName = (root: CID): string => root.toString().slice(-8);

/** The partial file of a verified download of that version. @param target absolute */
export function partialOf(root: CID, target: string): string {
  const ending = `.${shortName(root)}.part`;
  // What is replaced is put aside as `.old`, `.002` and so on.
  return nameBeside(target, ending, `${ending}.old`);
}

/** Most partial files of other versions that are looked at. Chosen. */
const MOST_VERSIONS = 4;

/** Paths at which another version of the target may lie: its own, and those of partial files. */
export async function otherVersions(root: CID, target: string): Promise<string[]> {
  const path = resolve(target);
  const own = basename(partialOf(root, path));
  const ending = `.${shortName(root)}.part`;
  const before = own.slice(0, -ending.length);
  const isPartial = (name: string): boolean =>
    name !== own &&
    name.startsWith(before) &&
    /^\.[a-z0-9]{8}\.part$/i.test(name.slice(before.length));
  const beside = await readdir(dirname(path)).catch(() => []);
  const partials = beside.filter(isPartial).slice(0, MOST_VERSIONS);
  return [path, ...partials.map((name) => join(dirname(path), name))];
}

/**
 * Renames the partial file of one version, so that the next version finds its pieces, and hashes
 * them.
 */
export async function goOnAs(before: CID, root: CID, target: string): Promise<void> {
  const [from, to] = [before, root].map((each) => partialOf(each, resolve(target)));
  if (from === to) return;
  try {
    await rename(from!, to!);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, from!);
  }
}
