// The directory that is served, and the only way into it. On Linux the open descriptor tells the
// real path, and not the path that was used, so nothing can be swapped between check and use. Other
// systems compare the two. Opening never waits (for the writer of a FIFO), and only files and
// directories are opened.
import { constants, type Stats, stat as statWith } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { type Opened, openAnywhere, pathOfDescriptor } from '../../disk/file-system/file-calls.ts';
import { stampOf } from '../../disk/file-system/stamp-age.ts';
import { describeError, fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { isHidden, OWN_DIRECTORY } from '../names.ts';
import { withOpen } from '../opened.ts';
import type { Located, PlaceCheck, Replacing, Root, Segments, WatchOptions } from '../root.ts';
import { DiskDirectory } from './disk-directory.ts';
import { DiskFile } from './disk-file.ts';
import { DiskUnfinished } from './disk-unfinished.ts';
import { mendHandovers, removeHandovers, tellHandovers } from './left-handovers.ts';
import { removeLeftovers } from './leftovers.ts';
import { parentOf } from './parent-of.ts';
import { respelled } from './spelling.ts';
import { stagedParent } from './staged-parent.ts';
import { storedBytes } from './stored-bytes.ts';
import { TreeWatch } from './tree-watch.ts';
import { versionOf } from './version-of.ts';

// Flags of open(). O_NONBLOCK and O_NOCTTY are undefined on Windows, and so count as 0.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const READ_ONLY: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
};

/** How a caller sees the root. */
interface View {
  readonly check?: PlaceCheck;
  /** Whether a missing name is never found under its other spelling. */
  readonly isExact?: boolean;
  readonly replacing?: Replacing;
}

export class DiskRoot implements Root {
  /** Absolute real path. */
  readonly path: string;
  /** Beginning of each real path below it. A file system's root ends in a separator already. */
  readonly #prefix: string;
  readonly #view: View;
  readonly unfinished: DiskUnfinished;

  private constructor(path: string, view: View = {}) {
    this.path = path;
    this.#prefix = path.endsWith(sep) ? path : path + sep;
    this.#view = view;
    this.unfinished = new DiskUnfinished(path);
  }

  /** @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED */
  static async at(directory: string): Promise<DiskRoot> {
    try {
      const path = await realpath(directory);
      if ((await stat(path)).isDirectory()) {
        await access(path, constants.R_OK | constants.X_OK);
        return new DiskRoot(path);
      }
    } catch (error) {
      throw fileError(error, `--root: ${directory}`);
    }
    throw new HubswarmError('ERR_NOT_FOUND', `--root: ${directory}: not a directory; give one`);
  }

  /** Why nothing can be written into it now, in one line; undefined if something can. */
  async whyReadOnly(): Promise<string | undefined> {
    try {
      await access(this.path, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      return READ_ONLY[systemCode(error) ?? ''] ?? describeError(error);
    }
  }

  get id(): string {
    return this.path;
  }

  get isExact(): boolean {
    return this.#view.isExact === true;
  }

  get gives(): Replacing | undefined {
    return this.#view.replacing;
  }

  checkedBy(check: PlaceCheck): DiskRoot {
    return new DiskRoot(this.path, { ...this.#view, check });
  }

  asSpelled(): DiskRoot {
    return new DiskRoot(this.path, { ...this.#view, isExact: true });
  }

  replacing(replacing: Replacing): DiskRoot {
    return new DiskRoot(this.path, { ...this.#view, replacing });
  }

  /** @param beyond names below the directory for which it is opened; the check judges these */
  async open(segments: Segments, beyond: Segments = []): Promise<DiskFile | DiskDirectory> {
    const { path, handle, stats } = await this.#openAt(segments);
    try {
      const isDirectory = stats.isDirectory();
      if (!stats.isFile() && !isDirectory) {
        throw new Refusal('ERR_NOT_PERMITTED', 'not a regular file');
      }
      const real = await attempt(whereabouts(handle.fd, stats, path));
      const place = this.placeOf(real);
      this.#view.check?.(beyond.length === 0 ? place : [...place, ...beyond], isDirectory);
      const version = versionOf(stats);
      if (!isDirectory) return new DiskFile(handle, place, version);
      return new DiskDirectory({ root: this, handle, path: real, place, version });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  stampAt(segments: Segments): Promise<string | undefined> {
    // Runs before each answer from memory, so it takes a callback: a promise of fs/promises costs
    // twice as much.
    return new Promise((resolve, reject) => {
      const settle = guarded('looking at a file', (error: unknown, stats: Stats) => {
        if (!error) resolve(stampOf(stats));
        else if (MISSING.has(systemCode(error))) resolve(this.#stampElsewhere(segments));
        else reject(fileRefusal(error));
      });
      statWith(this.pathOf(segments), settle);
    });
  }

  async #stampElsewhere(segments: Segments): Promise<string | undefined> {
    const there = this.isExact ? undefined : await respelled(this.path, segments);
    const stats = there && (await stat(this.pathOf(there)).catch(() => undefined));
    return stats && stampOf(stats);
  }

  async checkNew(segments: Segments): Promise<void> {
    if (!this.#view.check) return;
    for (let length = segments.length - 1; length >= 0; length--) {
      try {
        const opened = await this.open(segments.slice(0, length), segments.slice(length));
        return await opened.close();
      } catch (error) {
        if (!(error instanceof Refusal && error.code === 'ERR_NOT_FOUND')) throw error;
      }
    }
  }

  async parentOf(segments: Segments, makes: boolean): Promise<DiskDirectory> {
    const staged = makes && this.gives ? await stagedParent(this, segments) : undefined;
    return staged ?? parentOf(this, segments, makes);
  }

  async checkGivesWay(segments: Segments): Promise<void> {
    const name = segments.at(-1);
    if (!this.gives || name === undefined)
      throw new Refusal('ERR_CONFLICT', 'a directory has this name');
    await withOpen(this.parentOf(segments, false), (above) => above.checkGivesWay(name));
  }

  async setAttributes(
    segments: Segments,
    attributes: FileAttributes,
    stamp: string,
  ): Promise<Located> {
    return withOpen<DiskFile | DiskDirectory, Located>(this.open(segments), async (opened) => {
      if (opened.version.stamp !== stamp)
        throw new Refusal('ERR_PRECONDITION', 'it was changed meanwhile');
      return { place: opened.place, version: await opened.setAttributes(attributes) };
    });
  }

  async isReadable(): Promise<boolean> {
    try {
      await access(this.path, constants.R_OK | constants.X_OK);
      return (await stat(this.path)).isDirectory();
    } catch {
      return false;
    }
  }

  storedBytes(): Promise<number> {
    return storedBytes(this.path, join(this.path, OWN_DIRECTORY));
  }

  mend(writable: boolean, onWarning: (message: string) => void): Promise<void> {
    if (!writable) return tellHandovers(this.path, onWarning);
    return mendHandovers(this.path, (place) => this.parentOf(place, true), onWarning);
  }

  async removeLeftovers(signal: AbortSignal): Promise<void> {
    await removeHandovers(this.path);
    await removeLeftovers(this.path, signal);
  }

  watch(options: WatchOptions): TreeWatch {
    return new TreeWatch(this, options);
  }

  async #openAt(segments: Segments): Promise<Opened & { readonly path: string }> {
    const path = this.pathOf(segments);
    try {
      return { path, ...(await openAnywhere(path, OPEN_FLAGS)) };
    } catch (error) {
      const missing = MISSING.has(systemCode(error)) && !this.isExact;
      const there = missing ? await respelled(this.path, segments) : undefined;
      if (!there) throw fileRefusal(error);
      const other = this.pathOf(there);
      return { path: other, ...(await attempt(openAnywhere(other, OPEN_FLAGS))) };
    }
  }

  /** The path of the names; links in it are not resolved. */
  pathOf(segments: Segments): string {
    return segments.length === 0 ? this.path : join(this.path, ...segments);
  }

  /** Names from the root to a real path. @throws Refusal if it may not be served */
  placeOf(real: string): Segments {
    if (real === this.path) return [];
    if (!real.startsWith(this.#prefix)) {
      throw new Refusal('ERR_NOT_PERMITTED', 'a symbolic link leads out of the served directory');
    }
    const place = real.slice(this.#prefix.length).split(sep);
    if (place.some(isHidden)) throw noSuchFile();
    return place;
  }

  /** @throws what the check throws */
  check(place: Segments, isDirectory: boolean): void {
    this.#view.check?.(place, isDirectory);
  }
}

const MISSING = new Set<string | undefined>(['ENOENT', 'ENOTDIR']);

const noSuchFile = (): Refusal => new Refusal('ERR_NOT_FOUND', 'no such file or directory');

async function whereabouts(fd: number, stats: Stats, path: string): Promise<string> {
  if (process.platform === 'linux') return pathOfDescriptor(fd);
  const real = await realpath(path);
  const there = await stat(real);
  if (there.ino === stats.ino && there.dev === stats.dev) return real;
  throw noSuchFile();
}

async function attempt<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fileRefusal(error);
  }
}
