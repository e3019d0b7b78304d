// The directory that is served, and the only door to it. What was opened is
// asked where it lies, and not the path that was used: so nothing can be swapped
// between the check and the use (on Linux; elsewhere the two are compared).
// Opening never waits (a FIFO) and what is no file or directory is refused.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileError, HubswarmError } from '../runtime/errors.ts';
import { HttpFailure, httpFailure } from './http-failure.ts';
import { isHidden } from './request-path.ts';

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

export class ServedRoot {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
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

  /** @throws HttpFailure 403, 404, 414, 503 */
  async open(segments: readonly string[]): Promise<OpenedOnDisk> {
    const path = join(this.path, ...segments);
    const handle = await attempt(open(path, OPEN_FLAGS));
    try {
      const stats = await handle.stat();
      if (!stats.isFile() && !stats.isDirectory()) {
        throw new HttpFailure(403, 'not a regular file');
      }
      const real = await attempt(whereabouts(handle, stats, path));
      this.#checkInside(real);
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
      throw new HttpFailure(403, 'a symbolic link leads out of the served directory');
    }
    if (this.#isHidden(real)) throw new HttpFailure(404, 'no such file or directory');
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

async function whereabouts(handle: FileHandle, stats: Stats, path: string): Promise<string> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${handle.fd}`);
  const real = await realpath(path);
  const there = await stat(real);
  if (there.ino === stats.ino && there.dev === stats.dev) return real;
  throw new HttpFailure(404, 'no such file or directory');
}

async function attempt<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw httpFailure(error);
  }
}
