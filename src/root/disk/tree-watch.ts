// Finds files that appear, change and vanish below the root, whatever program changed them. It
// tells only differences between what it knew and what stat() says, so it does not matter how often
// or why it looks:
// - at once after an upload of this hub (it is whole when it has its name);
// - when the system says that a name was touched (directory-watch.ts), as soon as size, time and
//   inode have stayed the same for a moment: half a file is no news;
// - by a walk over everything, rarely where the system reports, else often. Hidden names do not
//   count. Memory: some 200 bytes a file, bounded.
import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { guarded } from '../../runtime/guarded.ts';
import { isNameable } from '../names.ts';
import type { Segments, Watch, WatchOptions } from '../root.ts';
import { DirectoryWatch } from './directory-watch.ts';
import { versionOf } from './version-of.ts';
import { walk } from './walk.ts';

interface WatchedRoot {
  /** Absolute real path. */
  readonly path: string;
  /** @throws Refusal for a real path that may not be served */
  placeOf(real: string): Segments;
}

/** Most watched files. Chosen: 20 MB. Beyond that only uploads are reported. */
const MAX_FILES = 100_000;
/**
 * Time between walks: a safety net where the system reports changes, and the only way elsewhere.
 * Chosen.
 */
const RESCAN_MS = 60_000;
const BLIND_RESCAN_MS = 3000;
/** The pause between walks in multiples of a walk: so walks take at most a tenth of the time. */
const RESCAN_PAUSE = 10;

interface Found {
  readonly stats: Stats;
  readonly realPath: string;
}

interface Unsettled {
  readonly stamp: string;
  readonly since: number;
}

export class TreeWatch implements Watch {
  readonly #root: WatchedRoot;
  readonly #options: WatchOptions;
  readonly #directories: DirectoryWatch;
  /** Stamps of known files by path below the root, without a leading slash. */
  readonly #known = new Map<string, string>();
  readonly #unsettled = new Map<string, Unsettled | undefined>();
  #settling: NodeJS.Timeout | undefined;
  #rescanning: NodeJS.Timeout | undefined;
  #stopped = false;
  #toldOfBound = false;

  constructor(root: WatchedRoot, options: WatchOptions) {
    this.#root = root;
    this.#options = options;
    const { maxWatches } = options;
    this.#directories = new DirectoryWatch(root.path, maxWatches, (path) => this.#touch(path));
  }

  async start(): Promise<void> {
    await this.#scan('', (path, stamp) => this.#remember(path, stamp));
    this.#scheduleRescan(0);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#settling);
    clearTimeout(this.#rescanning);
    this.#directories.close();
  }

  async handleChanged(segments: Segments): Promise<void> {
    const path = segments.join('/');
    const found = await this.#find(path);
    // Resolves links, since only this path may lead through a linked directory.
    const realPath = found && (await realpath(found.realPath).catch(() => undefined));
    if (this.#stopped) return;
    if (found && realPath) this.#tell(path, { ...found, realPath });
    else this.#forgetFile(path);
  }

  #touch(path: string): void {
    if (this.#stopped || !path.split('/').every(isNameable)) return;
    if (!this.#unsettled.has(path)) this.#unsettled.set(path, undefined);
    this.#scheduleSettling();
  }

  async #settle(): Promise<void> {
    try {
      for (const [path, before] of [...this.#unsettled]) {
        if (this.#stopped) return;
        // Removes the path first: if it is touched meanwhile, it is examined again.
        this.#unsettled.delete(path);
        const unsettled = await this.#examine(path, before);
        if (unsettled) this.#unsettled.set(path, unsettled);
      }
    } finally {
      this.#settling = undefined;
      if (this.#unsettled.size > 0) this.#scheduleSettling();
    }
  }

  #scheduleSettling(): void {
    if (this.#stopped) return;
    this.#settling ??= setTimeout(
      guarded('looking at changes', () => this.#settle()),
      this.#options.settleMs / 2,
    );
  }

  /** Examines a path. Returns its state if it must be examined again. */
  async #examine(path: string, before: Unsettled | undefined): Promise<Unsettled | undefined> {
    const found = await this.#find(path);
    if (!found || found.stats.isDirectory()) this.#forgetFile(path);
    if (!found?.stats.isDirectory()) this.#forgetBelow(path);
    if (!found) return undefined;
    if (found.stats.isDirectory()) {
      await this.#scan(path, (file) => this.#touch(file));
      return undefined;
    }
    const stamp = stampOf(found.stats);
    if (this.#known.get(path) === stamp) return undefined;
    const now = performance.now();
    if (before?.stamp !== stamp) return { stamp, since: now };
    if (now - before.since < this.#options.settleMs) return before;
    this.#tell(path, found);
    return undefined;
  }

  #tell(path: string, { stats, realPath }: Found): void {
    const stamp = stampOf(stats);
    const before = this.#known.get(path);
    if (before === stamp) return;
    this.#remember(path, stamp);
    this.#options.onChange({
      kind: before === undefined ? 'added' : 'changed',
      segments: path.split('/'),
      found: { place: this.#root.placeOf(realPath), version: versionOf(stats) },
    });
  }

  #remember(path: string, stamp: string): void {
    if (this.#known.size < MAX_FILES || this.#known.has(path)) this.#known.set(path, stamp);
    else if (!this.#toldOfBound) {
      this.#toldOfBound = true;
      const message = `events: only the first ${MAX_FILES} files are watched for changes`;
      this.#options.onWarning(message);
    }
  }

  #forgetFile(path: string): void {
    if (this.#known.delete(path)) {
      this.#options.onChange({ kind: 'deleted', segments: path.split('/') });
    }
  }

  #forgetBelow(path: string): void {
    if (!this.#directories.forget(path)) return;
    for (const file of [...this.#known.keys()]) {
      if (file.startsWith(`${path}/`)) this.#forgetFile(file);
    }
  }

  async #find(path: string): Promise<Found | undefined> {
    const full = join(this.#root.path, path);
    try {
      const stats = await lstat(full);
      if (!stats.isSymbolicLink()) {
        return stats.isFile() || stats.isDirectory() ? { stats, realPath: full } : undefined;
      }
      const realPath = await realpath(full);
      const target = await stat(realPath);
      this.#root.placeOf(realPath);
      return target.isFile() ? { stats: target, realPath } : undefined;
    } catch {
      return undefined;
    }
  }

  async #scan(path: string, onFile: (path: string, stamp: string) => void): Promise<Set<string>> {
    const seen = new Set<string>();
    const onDirectory = (directory: string): void => this.#directories.add(directory);
    for await (const file of walk(this.#root.path, path, onDirectory)) {
      if (this.#stopped) return seen;
      seen.add(file);
      const found = await this.#find(file);
      if (found) onFile(file, stampOf(found.stats));
    }
    return seen;
  }

  #scheduleRescan(tookMs: number): void {
    if (this.#stopped) return;
    const every = this.#directories.isBlind ? BLIND_RESCAN_MS : RESCAN_MS;
    const rescan = async (): Promise<void> => {
      const startedAt = performance.now();
      try {
        const seen = await this.#scan('', (path, stamp) => {
          const watched = this.#known.has(path) || this.#known.size < MAX_FILES;
          if (watched && this.#known.get(path) !== stamp) this.#touch(path);
        });
        for (const path of this.#known.keys()) if (!seen.has(path)) this.#touch(path);
      } finally {
        this.#scheduleRescan(performance.now() - startedAt);
      }
    };
    const waitMs = Math.max(every, tookMs * RESCAN_PAUSE);
    this.#rescanning = setTimeout(guarded('walking for changes', rescan), waitMs).unref();
  }
}

/** The fields that tell versions apart; a changed mode or name makes no new version. */
function stampOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}`;
}
