// The directory that is served, and the only door to it. What was opened is
// asked where it lies, and not the path that was used: so nothing can be swapped
// between the check and the use (on Linux; elsewhere the two are compared).
// Opening never waits (a FIFO) and what is no file or directory is refused.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileError, HubswarmError, hasCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { isHidden } from '../message/request-path.ts';

/** What is asked of an open file; an edge has some whose bytes are still to come. */
export interface ReadHandle {
  /** Of what is on the disk. */
  readonly fd?: number;
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  stat(): Promise<Stats>;
  close(): Promise<void>;
}

export interface Opened {
  /** The caller's to close. */
  readonly handle: ReadHandle;
  readonly stats: Stats;
  /** Where it really lies. */
  readonly path: string;
  /** As it was asked for; a link's target may have another. */
  readonly name: string;
}

/** What lies below the root. */
export interface OpenedOnDisk extends Opened {
  readonly handle: FileHandle;
}

// O_NONBLOCK and O_NOCTTY are undefined on Windows, and so count as 0.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** @throws what refuses a place below the root, given by its real names */
export type PlaceCheck = (segments: readonly string[], isDirectory: boolean) => void;

export class ServedRoot {
  readonly path: string;
  readonly #check: PlaceCheck | undefined;

  private constructor(path: string, check?: PlaceCheck) {
    this.path = path;
    this.#check = check;
  }

  /** The same directory, of which nothing is opened that the check refuses. */
  checkedBy(check: PlaceCheck): ServedRoot {
    return new ServedRoot(this.path, check);
  }

  /** @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED */
  static async at(directory: string): Promise<ServedRoot> {
    try {
      const path = await realpath(directory);
      if ((await stat(path)).isDirectory()) return new ServedRoot(path);
    } catch (error) {
      throw fileError(error, `--root: ${directory}`);
    }
    throw new HubswarmError('ERR_NOT_FOUND', `--root: ${directory}: not a directory; give one`);
  }

  /**
   * @param beyond names below it for whose sake it is opened; the check is of them
   * @throws Refusal ERR_NOT_PERMITTED, ERR_NOT_FOUND, ERR_NAME_TOO_LONG, ERR_BUSY, and what the check throws
   */
  async open(segments: readonly string[], beyond: readonly string[] = []): Promise<OpenedOnDisk> {
    const path = join(this.path, ...segments);
    const handle = await attempt(open(path, OPEN_FLAGS));
    try {
      const stats = await handle.stat();
      if (!stats.isFile() && !stats.isDirectory()) {
        throw new Refusal('ERR_NOT_PERMITTED', 'not a regular file');
      }
      const real = await attempt(whereabouts(handle, stats, path));
      this.#checkInside(real);
      this.#check?.([...this.segmentsOf(real), ...beyond], stats.isDirectory());
      return { handle, stats, path: real, name: segments.at(-1) ?? '' };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Opens, lets `body` use it, and closes. @throws as open() does, and what `body` throws */
  async withOpen<T>(segments: readonly string[], body: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = await this.open(segments);
    try {
      return await body(opened);
    } finally {
      await opened.handle.close();
    }
  }

  /** Of a name that is missing: whether it may be made where it would lie. @throws as open() does */
  async checkNew(segments: readonly string[]): Promise<void> {
    if (!this.#check) return;
    for (let length = segments.length - 1; length >= 0; length--) {
      const opened = await openIfThere(() =>
        this.open(segments.slice(0, length), segments.slice(length)),
      );
      if (opened) return opened.handle.close();
    }
  }

  /** Whether the check lets a real path that it holds pass. */
  lets(real: string, isDirectory: boolean): boolean {
    try {
      this.#check?.(this.segmentsOf(real), isDirectory);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether a real path may be served. */
  holds(real: string): boolean {
    return this.#isBelow(real) && !this.#isHidden(real);
  }

  /** The names from the root to a real path that it holds. */
  segmentsOf(real: string): string[] {
    return real === this.path ? [] : real.slice(this.#prefix().length).split(sep);
  }

  #checkInside(real: string): void {
    if (!this.#isBelow(real)) {
      throw new Refusal('ERR_NOT_PERMITTED', 'a symbolic link leads out of the served directory');
    }
    if (this.#isHidden(real)) throw new Refusal('ERR_NOT_FOUND', 'no such file or directory');
  }

  #isBelow(real: string): boolean {
    return real === this.path || real.startsWith(this.#prefix());
  }

  #isHidden(real: string): boolean {
    return this.segmentsOf(real).some(isHidden);
  }

  /** The root of a file system already ends in a separator. */
  #prefix(): string {
    return this.path.endsWith(sep) ? this.path : this.path + sep;
  }
}

async function openIfThere(open: () => Promise<OpenedOnDisk>): Promise<OpenedOnDisk | undefined> {
  try {
    return await open();
  } catch (error) {
    if (hasCode(error, 'ERR_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function whereabouts(handle: FileHandle, stats: Stats, path: string): Promise<string> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${handle.fd}`);
  const real = await realpath(path);
  const there = await stat(real);
  if (there.ino === stats.ino && there.dev === stats.dev) return real;
  throw new Refusal('ERR_NOT_FOUND', 'no such file or directory');
}

async function attempt<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fileRefusal(error);
  }
}
