// What on a hub is in the way of a local directory that is sent there, and what it has beyond that.
// A link to a directory there is one name to be replaced or removed, whatever its target. A path
// here that cannot be sent says nothing about the hub's entry of that name. Pure.
import type { LocalFile, LocalFiles } from './local-files.ts';
import type { RemoteTree } from './remote-files.ts';
import { deepestFirst, isAtOrBelow, isBelow, placeOf, withAncestors } from './tree-path.ts';

export interface InTheWay {
  /** Its content, the deepest first. */
  readonly inside: readonly string[];
  /** Whether it holds more than is listed, or may. */
  readonly isPartial: boolean;
}

export interface PutPlan {
  /**
   * Files and links on the hub that have the name of a local directory that is made there. Each with
   * the local files in that directory.
   */
  readonly filesInTheWay: ReadonlyMap<string, readonly LocalFile[]>;
  /** Directories and links on the hub that have the name of a local file. */
  readonly directoriesInTheWay: ReadonlyMap<string, InTheWay>;
  /** Entries without a local name: files and links, and directories with the deepest first. */
  readonly extraFiles: readonly string[];
  readonly extraDirectories: readonly string[];
  /** Local directories that no file would make there, parents first. */
  readonly emptyDirectories: readonly string[];
}

export function planPut(local: LocalFiles, remote: RemoteTree): PutPlan {
  const files = new Set(local.files.map(({ segments }) => segments.join('/')));
  const byFiles = withAncestors(files);
  const sent = [...local.directories].filter((path) => !local.leftOut.has(path));
  const made = new Set([...byFiles, ...sent]);
  const there = new Set(remote.directories);
  const inTheWay = new Map<string, { inside: string[]; isPartial: boolean }>();
  for (const path of [...there, ...remote.links])
    if (files.has(path)) inTheWay.set(path, { inside: [], isPartial: false });
  for (const path of deepestFirst([...remote.files.keys(), ...there])) {
    const place = placeOf(path, inTheWay);
    if (place !== undefined && place !== path) inTheWay.get(place)!.inside.push(path);
  }
  for (const path of remote.partial) {
    const place = placeOf(path, inTheWay);
    if (place !== undefined) inTheWay.get(place)!.isPartial = true;
  }
  const isExtra = (path: string): boolean =>
    !isAtOrBelow(path, local.leftOut) && !isBelow(path, files);
  const leaves = [...remote.files.keys(), ...remote.links];
  return {
    filesInTheWay: filesBelow(
      leaves.filter((path) => !files.has(path) && made.has(path)),
      local.files,
    ),
    directoriesInTheWay: inTheWay,
    extraFiles: leaves.filter((path) => isExtra(path) && !made.has(path)),
    extraDirectories: deepestFirst(there).filter(
      (path) => isExtra(path) && !local.directories.has(path) && !files.has(path),
    ),
    emptyDirectories: sent.filter((path) => !byFiles.has(path) && !there.has(path)).sort(),
  };
}

function filesBelow(
  places: readonly string[],
  files: readonly LocalFile[],
): Map<string, readonly LocalFile[]> {
  const below = new Map(places.map((path) => [path, [] as LocalFile[]]));
  for (const file of files) {
    const place = placeOf(file.segments.join('/'), below);
    if (place !== undefined) below.get(place)!.push(file);
  }
  return below;
}
