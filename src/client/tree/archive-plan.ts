// Picks the directories of a hub that are fetched as an archive: one answer brings thousands of small
// files. An archive holds all that lies below its directory, so most of that must be wanted. Pure.
import type { RemoteFile } from './remote/remote-tree.ts';
import { parentOf, placeOf } from './tree-path.ts';

/** Fewer files come as fast one by one, side by side. Chosen. */
const LEAST_FILES = 32;
/** What an archive and a disk take for each file, roughly. */
const ENTRY_BYTES = 1024;

export interface ArchivePlan {
  /** The directory; ends in '/'. */
  readonly url: URL;
  /** The wanted files by their path below the directory. */
  readonly files: Map<string, RemoteFile>;
  /** About as many bytes come at most. */
  readonly bytes: number;
}

class Content {
  files = 0;
  wantedBytes = 0;
  otherBytes = 0;

  add({ files, wantedBytes, otherBytes }: Content): void {
    this.files += files;
    this.wantedBytes += wantedBytes;
    this.otherBytes += otherBytes;
  }

  get isWorthwhile(): boolean {
    return this.files >= LEAST_FILES && this.otherBytes <= this.wantedBytes;
  }
}

/**
 * @param root URL of the tree
 * @param tree its directories, parents first, without the root
 * @param wanted a part of its files
 */
export function planArchives(
  root: URL,
  tree: { readonly directories: readonly string[]; readonly files: readonly RemoteFile[] },
  wanted: ReadonlySet<RemoteFile>,
): ArchivePlan[] {
  const directories = ['', ...tree.directories];
  const contents = new Map(directories.map((path) => [path, new Content()]));
  for (const file of tree.files) {
    const content = contents.get(parentOf(file.path))!;
    const bytes = (file.bytes ?? Number.POSITIVE_INFINITY) + ENTRY_BYTES;
    if (wanted.has(file)) {
      content.files += 1;
      content.wantedBytes += bytes;
    } else content.otherBytes += bytes;
  }
  for (const path of directories.toReversed()) {
    if (path !== '') contents.get(parentOf(path))!.add(contents.get(path)!);
  }
  const plans = new Map<string, ArchivePlan>();
  for (const path of directories) {
    const content = contents.get(path)!;
    if (!content.isWorthwhile || placeOf(path, plans) !== undefined || plans.has('')) continue;
    const bytes = content.wantedBytes + content.otherBytes;
    plans.set(path, { url: below(root, path), files: new Map(), bytes });
  }
  for (const file of wanted) {
    const place = plans.has('') ? '' : placeOf(file.path, plans);
    if (place === undefined) continue;
    plans.get(place)!.files.set(place === '' ? file.path : file.path.slice(place.length + 1), file);
  }
  return [...plans.values()];
}

function below(root: URL, path: string): URL {
  const url = new URL(root);
  url.search = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  if (path !== '') url.pathname += `${path.split('/').map(encodeURIComponent).join('/')}/`;
  return url;
}
