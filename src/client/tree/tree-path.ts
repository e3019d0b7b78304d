// Paths of a mirrored tree: relative, with '/', '' for the tree itself. Pure.

/** Sorts paths so that the content of a directory comes before it. */
export const deepestFirst = (paths: Iterable<string>): string[] => [...paths].sort().reverse();

export function splitPath(path: string): { parents: string[]; name: string } {
  const parents = path.split('/');
  const name = parents.pop()!;
  return { parents, name };
}

/** The paths, and all directories on the way to them. */
export function withAncestors(paths: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (const path of paths) for (const each of fromTop(path)) all.add(each);
  return all;
}

/** The paths that differ from another in nothing but their Unicode spelling (NFC, NFD). */
export function twinsOf(paths: readonly string[]): Set<string> {
  const times = new Map<string, number>();
  for (const path of paths) {
    const form = path.normalize('NFC');
    times.set(form, (times.get(form) ?? 0) + 1);
  }
  return new Set(paths.filter((path) => times.get(path.normalize('NFC'))! > 1));
}

interface Places {
  has(path: string): boolean;
}

/** The topmost place that is the path or contains it. */
export function placeOf(path: string, places: Places): string | undefined {
  for (const each of fromTop(path)) if (places.has(each)) return each;
  return undefined;
}

export const isAtOrBelow = (path: string, places: Places): boolean =>
  placeOf(path, places) !== undefined;

export const isBelow = (path: string, places: Places): boolean =>
  path.includes('/') && isAtOrBelow(parentOf(path), places);

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function* fromTop(path: string): Generator<string> {
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    yield path.slice(0, end);
  }
  yield path;
}

/** @param base ends in '/' */
export function urlBelow(base: URL, segments: readonly string[]): URL {
  const url = new URL(base);
  url.pathname += segments.map(encodeURIComponent).join('/');
  return url;
}
