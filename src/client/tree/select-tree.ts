// The part of a hub's tree that is wanted: some files, and the directories on the way to them.
import type { RemoteTree } from './remote/remote-tree.ts';
import { parentOf, withAncestors } from './tree-path.ts';

/** @param wants told the path of each file below the root */
export function selectTree(tree: RemoteTree, wants: (path: string) => boolean): RemoteTree {
  const files = tree.files.filter(({ path }) => wants(path));
  const onTheWay = withAncestors(files.map(({ path }) => parentOf(path)));
  const isWanted = (path: string): boolean => path === '' || onTheWay.has(path);
  return {
    ...tree,
    files,
    directories: tree.directories.filter(isWanted),
    times: new Map([...tree.times].filter(([path]) => isWanted(path))),
  };
}
