// One file of a mirror: it comes under its staging name, whole and verified, and then takes
// the place of what has its name. A link there is replaced and never written through; the
// mode of a file there is kept. A directory gives way when it is empty; else only where
// `replaceTrees` allows it, and only once the file is here.
import { constants, type Stats } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { adoptAccess } from '../../disk/target-place.ts';
import { describeError, fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import type { LocalDirectory } from './local-directory.ts';
import { removeEntry, removeTree } from './local-tree.ts';
import { stagingName } from './staging-name.ts';

/** Never through a link, never waiting for a FIFO. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface MirroredFileOptions {
  readonly replaceTrees: boolean;
  /** A directory was in its place, and is gone. */
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

  /** Where it is to come. */
  get stagingPath(): string {
    return this.#parent.at(this.#staging);
  }

  get path(): string {
    return this.#parent.at(this.#name);
  }

  /** What went wrong with it, without paths that only this process knows. */
  describe(error: unknown): string {
    const message = describeError(error).replaceAll(this.stagingPath, this.#shownPath);
    const prefix = `${this.#shownPath}: `;
    return message.startsWith(prefix) ? message.slice(prefix.length) : message;
  }

  get #shownPath(): string {
    return join(this.#parent.path, this.#name);
  }

  /**
   * What has the name, when that is a file to compare with.
   *
   * @throws HubswarmError ERR_EXISTS before anything is fetched that could not be placed
   */
  async prepare(): Promise<Stats | undefined> {
    const there = await this.#parent.stat(this.#name);
    // What is not a file there, or has another name too, is not a partial of ours.
    for (const name of [this.#staging, `${this.#staging}.part`, `${this.#staging}.part.json`]) {
      const stats = await this.#parent.stat(name);
      if (stats && !(stats.isFile() && stats.nlink === 1)) await removeEntry(this.#parent, name);
    }
    if (there?.isDirectory() && !this.#options.replaceTrees) await this.#removeIfEmpty();
    return there?.isFile() ? there : undefined;
  }

  /** Gives it its name. Resolves to what lies there then. @throws HubswarmError */
  async publish(): Promise<Stats> {
    const there = await this.#parent.stat(this.#name);
    if (there?.isDirectory()) {
      if (this.#options.replaceTrees) await this.#removeTree();
      else await this.#removeIfEmpty();
    }
    try {
      const stats = await this.#adopt(there?.isFile() ? there : undefined);
      await rename(this.stagingPath, this.path);
      const placed = await this.#parent.stat(this.#name);
      if (placed?.ino === stats.ino) return placed;
    } catch (error) {
      throw fileError(error, this.#shownPath);
    }
    throw new HubswarmError('ERR_EXISTS', `${this.#shownPath}: was replaced meanwhile`);
  }

  async #removeTree(): Promise<void> {
    await removeTree(this.#parent, this.#name);
    this.#options.onRemoved();
  }

  async #removeIfEmpty(): Promise<void> {
    try {
      await removeEntry(this.#parent, this.#name);
      this.#options.onRemoved();
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (!['ENOTEMPTY', 'EEXIST'].includes(systemCode(cause) ?? '')) throw error;
      const hint = 'is a directory that is not empty; --delete replaces it';
      throw new HubswarmError('ERR_EXISTS', `${this.#shownPath}: ${hint}`);
    }
  }

  /** Checks what came, and gives it the owner and mode of what it replaces. */
  async #adopt(replaced: Stats | undefined): Promise<Stats> {
    const handle = await open(this.stagingPath, READ);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) {
        throw new HubswarmError('ERR_EXISTS', `${this.#shownPath}: was replaced meanwhile`);
      }
      if (replaced) await adoptAccess(handle, replaced);
      return stats;
    } finally {
      await handle.close();
    }
  }
}
