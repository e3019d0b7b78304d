// Reports that a name in a directory was touched. Linux has one watch for each directory (inotify);
// macOS and Windows have one for the whole tree. On Linux Node.js emulates `recursive` by a watch
// for every file, and reads directories synchronously, so it is not used there. If watches run out,
// or a file system has none, this class is blind and says so: then the caller must walk.
import { type FSWatcher, watch } from 'node:fs';
import { join, sep } from 'node:path';
import { guarded } from '../../runtime/guarded.ts';

const ONE_FOR_ALL = process.platform === 'darwin' || process.platform === 'win32';

export class DirectoryWatch {
  readonly #root: string;
  readonly #maxWatches: number;
  readonly #onTouched: (path: string) => void;
  readonly #directories = new Map<string, FSWatcher | undefined>();
  #blind = false;

  /** @param onTouched called with paths below the root, joined with slashes */
  constructor(root: string, maxWatches: number, onTouched: (path: string) => void) {
    this.#root = root;
    this.#maxWatches = maxWatches;
    this.#onTouched = onTouched;
  }

  /** Whether changes may go unreported. */
  get isBlind(): boolean {
    return this.#blind;
  }

  /** Watches a directory; harmless if it is watched already. */
  add(path: string): void {
    if (this.#directories.has(path)) return;
    const watched = !ONE_FOR_ALL || path === '';
    this.#directories.set(path, watched ? this.#watch(path) : undefined);
  }

  /**
   * Ends the watch of a path and of all directories below it. Returns whether it was a directory.
   */
  forget(path: string): boolean {
    if (!this.#directories.has(path)) return false;
    for (const directory of [...this.#directories.keys()]) {
      if (directory !== path && !directory.startsWith(`${path}/`)) continue;
      this.#directories.get(directory)?.close();
      this.#directories.delete(directory);
    }
    return true;
  }

  close(): void {
    for (const watcher of this.#directories.values()) watcher?.close();
    this.#directories.clear();
  }

  #watch(path: string): FSWatcher | undefined {
    if (this.#directories.size >= this.#maxWatches) {
      this.#blind = true;
      return undefined;
    }
    try {
      const options = { persistent: false, recursive: ONE_FOR_ALL };
      const handleTouched = guarded('hearing of changes', (_type: string, name: string | null) => {
        if (name === null) return;
        const below = sep === '/' ? name : name.replaceAll(sep, '/');
        this.#onTouched(path === '' ? below : `${path}/${below}`);
      });
      const watcher = watch(join(this.#root, path), options, handleTouched);
      const handleError = guarded('losing a watch', () => {
        this.#blind = true;
        watcher.close();
      });
      watcher.on('error', handleError);
      return watcher;
    } catch {
      this.#blind = true;
      return undefined;
    }
  }
}
