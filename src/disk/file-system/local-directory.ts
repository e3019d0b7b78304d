// An open directory of a mirror or a download. On Linux every step goes through its descriptor, so it stays in
// this very directory, whatever happens to the path; the target of a link is never entered. On
// other systems a directory that is swapped for a link between two steps is followed.
import { constants, type Stats } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { applyAttributes, applyToDirectory, hasAttributes } from './attributes.ts';
import { type FileCalls, fileCallsAt, type Handle } from './file-calls.ts';
import { lstatIfAny, nameIn, syncPath } from './steps.ts';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

export class LocalDirectory {
  /** The path as it was opened, for messages. */
  readonly path: string;
  /** For what lies in it. */
  readonly calls: FileCalls;
  /** The user it belongs to. */
  readonly owner: number;
  readonly #handle: Handle;
  /** The file system that it is on. */
  readonly #device: number;

  private constructor(path: string, calls: FileCalls, handle: Handle, { dev, uid }: Stats) {
    this.path = path;
    this.calls = calls;
    this.owner = uid;
    this.#handle = handle;
    this.#device = dev;
  }

  /**
   * Opens the directory that the user named. It is made if it is missing, and followed if it is a
   * link. Close it.
   *
   * @throws HubswarmError ERR_EXISTS, ERR_NOT_PERMITTED
   */
  static async make(path: string): Promise<LocalDirectory> {
    try {
      await mkdir(path, { recursive: true });
      const calls = await fileCallsAt(path);
      const handle = await calls.open(path, DIRECTORY);
      return new LocalDirectory(path, calls, handle, await handle.stat());
    } catch (error) {
      // Not a directory: mkdir would have accepted one.
      if (systemCode(error) !== 'EEXIST') throw fileError(error, path);
      throw new HubswarmError('ERR_EXISTS', `${path}: is not a directory; give one, or a new name`);
    }
  }

  /**
   * Opens a directory that was made here: a link is refused. Close it.
   *
   * @param known the calls of its file system
   * @throws HubswarmError
   */
  static async open(path: string, known?: FileCalls): Promise<LocalDirectory> {
    try {
      const calls = known ?? (await fileCallsAt(path));
      const handle = await calls.open(path, DIRECTORY | constants.O_NOFOLLOW);
      return new LocalDirectory(path, calls, handle, await handle.stat());
    } catch (error) {
      throw await refusal(error, path, path);
    }
  }

  /** A path to that name in this very directory. */
  at(name: string): string {
    return nameIn({ handle: this.#handle, path: this.path }, name);
  }

  stat(name: string): Promise<Stats | undefined> {
    return lstatIfAny(this.at(name), this.calls);
  }

  /**
   * Opens a directory below, name by name, and closes it when `body` has ended.
   *
   * @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED; what `body` throws
   */
  async within<T>(
    segments: readonly string[],
    body: (directory: LocalDirectory) => Promise<T>,
  ): Promise<T> {
    let here: LocalDirectory = this;
    try {
      for (const name of segments) {
        const next = await here.enter(name);
        if (here !== this) await here.close();
        here = next;
      }
      return await body(here);
    } finally {
      if (here !== this) await here.close();
    }
  }

  /** Opens a directory in it. Close it. @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED */
  async enter(name: string): Promise<LocalDirectory> {
    const path = join(this.path, name);
    try {
      const handle = await this.calls.open(this.at(name), DIRECTORY | constants.O_NOFOLLOW);
      const stats = await handle.stat();
      const calls = stats.dev === this.#device ? this.calls : await fileCallsAt(path);
      return new LocalDirectory(path, calls, handle, stats);
    } catch (error) {
      throw await refusal(error, this.at(name), path);
    }
  }

  /** Gives its user these permission bits, too, as far as they are its user's to give. */
  async allow(bits: number): Promise<void> {
    const { mode } = await this.#handle.stat();
    if ((mode & bits) !== bits) await this.#handle.chmod((mode & 0o7777) | bits);
  }

  /** Gives it the attributes, once nothing in it changes any more. */
  describe(attributes: FileAttributes): Promise<void> {
    return applyToDirectory(this.#handle, attributes);
  }

  /** Sets the time of its last change, in ms since the epoch, as far as the file system keeps it. */
  async setTime(modifiedMs: number): Promise<void> {
    if (hasAttributes(await this.#handle.stat(), { modifiedMs })) return;
    await applyAttributes(this.#handle, { modifiedMs });
  }

  /** Syncs the directory, so that its names survive a power cut. */
  sync(): Promise<void> {
    return syncPath(this.at(''));
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Tells a link from what is no directory. @param shown the path for messages */
async function refusal(error: unknown, path: string, shown: string): Promise<unknown> {
  if (!(await lstatIfAny(path).catch(() => undefined))?.isSymbolicLink())
    return fileError(error, shown);
  const what = 'is a symbolic link, and is not followed';
  return new HubswarmError('ERR_NOT_PERMITTED', `${shown}: ${what}`, { cause: error });
}
