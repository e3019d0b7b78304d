// One file of a mirror. It is fetched under its staging name and verified; then it takes the place
// of what has its final name. A link is replaced and never written through. The mode of an old file
// is kept. An empty directory gives way; a directory with content only if `replaceTrees` allows it,
// and only when the new file is complete.
import { constants, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { applyAttributes, hasAttributes } from '../../disk/file-system/attributes.ts';
import type { Handle } from '../../disk/file-system/file-calls.ts';
import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import { adoptAccess } from '../../disk/place/target-place.ts';
import {
  describeError,
  fileError,
  HubswarmError,
  notWhole,
  systemCode,
} from '../../runtime/errors.ts';
import { removeEntry, removeTree } from './local-tree.ts';
import { stagingName } from './staging-name.ts';

/** Opens no link, and does not wait for a FIFO's writer. */
const NOT_THROUGH = constants.O_NOFOLLOW | constants.O_NONBLOCK;
const READ = constants.O_RDONLY | NOT_THROUGH;
const WRITE = constants.O_WRONLY | constants.O_CREAT | NOT_THROUGH;

export interface MirroredFileOptions {
  readonly replaceTrees: boolean;
  /** Called when a directory in its place was removed. */
  readonly onRemoved: () => void;
}

export class MirroredFile {
  readonly #parent: LocalDirectory;
  readonly #name: string;
  readonly #options: MirroredFileOptions;
  readonly #staging: string;

  constructor(parent: LocalDirectory, name: string, options: MirroredFileOptions) {
    this.#parent = parent;
    this.#name = name;
    this.#options = options;
    this.#staging = stagingName(name);
  }

  /** The path under which it is fetched. */
  get stagingPath(): string {
    return this.#parent.at(this.#staging);
  }

  get path(): string {
    return this.#parent.at(this.#name);
  }

  /** Describes an error without paths that only this process knows. */
  describe(error: unknown): string {
    const message = describeError(error).replaceAll(this.stagingPath, this.#shownPath);
    return message.replace(`${this.#shownPath}: `, '');
  }

  get #shownPath(): string {
    return join(this.#parent.path, this.#name);
  }

  /**
   * Returns the stats of an old file of that name, to compare with.
   *
   * @throws HubswarmError ERR_EXISTS if a new file could not take the name, before anything is
   * fetched
   */
  async prepare(): Promise<Stats | undefined> {
    const there = await this.#parent.stat(this.#name);
    if (there?.isDirectory() && !this.#options.replaceTrees) await this.#checkEmpty();
    return there?.isFile() ? there : undefined;
  }

  /** Call before the file is fetched. What is no regular file, or has a second name, is not ours. */
  async clearStaging(): Promise<void> {
    for (const name of [this.#staging, `${this.#staging}.part`, `${this.#staging}.part.json`]) {
      const stats = await this.#parent.stat(name);
      if (stats && !(stats.isFile() && stats.nlink === 1)) await removeEntry(this.#parent, name);
    }
  }

  /**
   * Writes a small file under its staging name, and does not sync it.
   *
   * @param attributes of a new file; undefined for one that will get those of what it replaces
   * @returns the stats of a new file
   */
  async stage(bytes: Uint8Array, attributes?: FileAttributes): Promise<Stats | undefined> {
    try {
      const handle = await this.#makeStaging(attributes ? 0o666 : 0o600);
      try {
        const { bytesWritten } = await handle.writev([bytes], 0);
        if (bytesWritten < bytes.length) {
          throw notWhole(this.#shownPath);
        }
        if (!attributes) return undefined;
        await applyAttributes(handle, attributes);
        return await handle.stat();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw fileError(error, this.#shownPath);
    }
  }

  async #makeStaging(mode: number): Promise<Handle> {
    const { calls } = this.#parent;
    try {
      return await calls.open(this.stagingPath, WRITE | constants.O_EXCL, mode);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    await this.clearStaging();
    return calls.open(this.stagingPath, WRITE | constants.O_TRUNC, mode);
  }

  /**
   * Gives the file its name.
   *
   * @param written by stage(); without it the file gets its attributes now
   * @returns the stats of the file there
   * @throws HubswarmError
   */
  async publish(attributes: FileAttributes, written?: Stats): Promise<Stats> {
    const there = await this.#parent.stat(this.#name);
    try {
      const replaced = there?.isFile() ? there : undefined;
      const isReady = written !== undefined && !replaced;
      const stats = isReady ? written : await this.#adopt(replaced, attributes);
      if (there?.isDirectory()) await this.#removeDirectory();
      await this.#parent.calls.rename(this.stagingPath, this.path);
      const placed = await this.#parent.stat(this.#name);
      if (placed?.ino === stats.ino) return placed;
    } catch (error) {
      throw fileError(error, this.#shownPath);
    }
    throw new HubswarmError('ERR_EXISTS', `${this.#shownPath}: was replaced meanwhile`);
  }

  /** Gives the file that is here the attributes, as far as it can. Resolves to its stats then. */
  async touch(there: Stats, attributes: FileAttributes): Promise<Stats> {
    if (hasAttributes(there, attributes)) return there;
    const handle = await this.#parent.calls.open(this.path, READ).catch(() => undefined);
    if (!handle) return there;
    try {
      const { ino, ctimeMs } = await handle.stat();
      if (ino !== there.ino || ctimeMs !== there.ctimeMs) return there;
      await applyAttributes(handle, attributes);
      return await handle.stat();
    } finally {
      await handle.close();
    }
  }

  async #removeDirectory(): Promise<void> {
    const { replaceTrees, onRemoved } = this.#options;
    if (!replaceTrees) await this.#checkEmpty();
    await (replaceTrees ? removeTree : removeEntry)(this.#parent, this.#name);
    onRemoved();
  }

  async #checkEmpty(): Promise<void> {
    const names = await readdir(this.path).catch((error: unknown) => {
      throw fileError(error, this.#shownPath);
    });
    if (names.length === 0) return;
    const hint = 'is a directory that is not empty; --delete replaces it';
    throw new HubswarmError('ERR_EXISTS', `${this.#shownPath}: ${hint}`);
  }

  /** Checks the new file, and gives it the owner and mode of the file that it replaces. */
  async #adopt(replaced: Stats | undefined, attributes: FileAttributes): Promise<Stats> {
    const handle = await this.#parent.calls.open(this.stagingPath, READ);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) {
        throw new HubswarmError('ERR_EXISTS', `${this.#shownPath}: was replaced meanwhile`);
      }
      if (replaced) await adoptAccess(handle, replaced);
      await applyAttributes(handle, attributes);
      return stats;
    } finally {
      await handle.close();
    }
  }
}
