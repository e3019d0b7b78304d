// An open directory below the root in which names are made, replaced and removed.
// On Linux every step goes through its descriptor (/proc/self/fd/N/name, which
// openat() and its kin would do): whatever happens to the path after the check,
// the steps stay in the directory that was checked. Elsewhere the path is used,
// and a directory swapped for a link between check and step is followed.
import { mkdir } from 'node:fs/promises';
import { nameIn } from '../../disk/steps.ts';
import { hasCode, systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { OpenedOnDisk, ServedRoot } from './served-root.ts';

export class Directory {
  readonly #opened: OpenedOnDisk;

  private constructor(opened: OpenedOnDisk) {
    this.#opened = opened;
  }

  /** @param beyond as of root.open(). Close it. @throws Refusal ERR_NOT_PERMITTED, ERR_NOT_FOUND */
  static async open(
    root: ServedRoot,
    segments: readonly string[],
    beyond: readonly string[],
  ): Promise<Directory> {
    return new Directory(await root.open(segments, beyond));
  }

  /**
   * Made when it is missing, parents and all: one level at a time, each in the open one
   * above it, so that nothing is ever made beyond a link that leads outside. Close it.
   *
   * @throws Refusal ERR_NOT_PERMITTED, ERR_CONFLICT and what the file system says
   */
  static async make(
    root: ServedRoot,
    segments: readonly string[],
    beyond: readonly string[],
  ): Promise<Directory> {
    const there = await Directory.#openIfAny(root, segments, beyond);
    if (there) return there;
    const above = await Directory.make(root, segments.slice(0, -1), [segments.at(-1)!, ...beyond]);
    try {
      await mkdir(above.at(segments.at(-1)!));
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw fileRefusal(error);
    } finally {
      await above.close();
    }
    return Directory.#checked(await Directory.open(root, segments, beyond));
  }

  static async #openIfAny(
    root: ServedRoot,
    segments: readonly string[],
    beyond: readonly string[],
  ): Promise<Directory | undefined> {
    try {
      return await Directory.#checked(await Directory.open(root, segments, beyond));
    } catch (error) {
      // The root itself is not made.
      if (segments.length > 0 && isMissing(error)) return undefined;
      throw error;
    }
  }

  static async #checked(directory: Directory): Promise<Directory> {
    if (directory.#opened.stats.isDirectory()) return directory;
    await directory.close();
    throw new Refusal('ERR_CONFLICT', 'a file has the name of a directory in the path');
  }

  /** Absolute, real, as of the opening. */
  get path(): string {
    return this.#opened.path;
  }

  /** A path to that name in the very directory that is open. */
  at(name: string): string {
    return nameIn(this.#opened, name);
  }

  /** So that names in it survive a power cut. */
  async sync(): Promise<void> {
    // Windows cannot sync a directory; its rename is on the disk by itself.
    if (process.platform !== 'win32') await this.#opened.handle.sync();
  }

  async close(): Promise<void> {
    await this.#opened.handle.close();
  }
}

const isMissing = (error: unknown): boolean => hasCode(error, 'ERR_NOT_FOUND');
