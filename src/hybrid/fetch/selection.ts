// The fewest paths of a directory that together are all files that are wanted: a directory that is wanted
// whole is one path. Each is fetched as content by itself.
import type { Manifest } from '../../content/manifest.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';

/** @returns paths without a slash at the end; [''] for all of it. @throws HubswarmError ERR_NOT_FOUND */
export function selectionOf(
  { root, files, links = [] }: Manifest,
  wants: (path: string) => boolean,
): string[] {
  const wanted = files.map(({ path }) => path).filter(wants);
  if (wanted.length === 0) {
    const some = files.slice(0, 8).map(({ path }) => showText(path));
    throw new HubswarmError(
      'ERR_NOT_FOUND',
      `${root}: no file matches --select; it holds ${some.join(', ')}${files.length > 8 ? ' and more' : ''}`,
    );
  }
  /** Directories with something in them that is not wanted. */
  const mixed = new Set<string>();
  const isWanted = new Set(wanted);
  const others = [...files, ...links].map(({ path }) => path).filter((path) => !isWanted.has(path));
  for (const path of others) for (const above of directoriesAbove(path)) mixed.add(above);
  return [...new Set(wanted.map((path) => widest(path, mixed)))];
}

/** The uppermost directory above the path that is wanted whole, or the path. */
const widest = (path: string, mixed: ReadonlySet<string>): string =>
  directoriesAbove(path).find((each) => !mixed.has(each)) ?? path;

/** '', 'a', 'a/b' for a/b/c. */
function directoriesAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return ['', ...names.map((_, i) => names.slice(0, i + 1).join('/'))];
}
