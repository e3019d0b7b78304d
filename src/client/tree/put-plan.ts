// What a hub has in the way of a local directory that is sent to it, and what it has beyond
// that. A link there to a directory is one name to be replaced or removed, whatever it leads
// to. What is here and cannot be sent says nothing about what is there of its name. Pure.
import type { LocalFiles } from './local-files.ts';
import type { RemoteTree } from './remote-files.ts';
import { deepestFirst, isAtOrBelow, isBelow, placeOf, withAncestors } from './tree-path.ts';

export interface PutPlan {
  /** Files and links there that have the name of a directory of files here. */
  readonly filesInTheWay: readonly string[];
  /** Directories there, and links, that have the name of a file here, with what is in each, that first. */
  readonly directoriesInTheWay: ReadonlyMap<string, readonly string[]>;
  /** What has no name here: files and links, and directories with the deepest first. */
  readonly extraFiles: readonly string[];
  readonly extraDirectories: readonly string[];
  /** Directories here that no file would make there; of several in one another the topmost. */
  readonly emptyDirectories: readonly string[];
}

export function planPut(local: LocalFiles, remote: RemoteTree): PutPlan {
  const files = new Set(local.files.map(({ segments }) => segments.join('/')));
  const made = withAncestors(files);
  const there = new Set(remote.directories);
  const inTheWay = new Map<string, string[]>();
  for (const path of [...there, ...remote.links]) if (files.has(path)) inTheWay.set(path, []);
  for (const path of deepestFirst([...remote.files.keys(), ...there])) {
    const place = placeOf(path, inTheWay);
    if (place !== undefined && place !== path) inTheWay.get(place)!.push(path);
  }
  const isExtra = (path: string): boolean =>
    !isAtOrBelow(path, local.leftOut) && !isBelow(path, files);
  const leaves = [...remote.files.keys(), ...remote.links];
  const empty = new Set([...local.directories].filter((path) => !made.has(path)));
  return {
    filesInTheWay: leaves.filter((path) => !files.has(path) && made.has(path)),
    directoriesInTheWay: inTheWay,
    extraFiles: leaves.filter((path) => isExtra(path) && !made.has(path)),
    extraDirectories: deepestFirst(there).filter(
      (path) => isExtra(path) && !local.directories.has(path) && !files.has(path),
    ),
    emptyDirectories: [...empty].filter((path) => !there.has(path) && !isBelow(path, empty)),
  };
}
