// Local files and links whose names a mirror gives to directories. Each is kept beside it, under a
// hidden name, until something has come into the directory: if nothing comes, it gets its name back.
// One that a killed run left is removed with the other staging names, once a mirror is whole.
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import { fileError, systemCode } from '../../runtime/errors.ts';
import { removeEntry, removePath } from './local-tree.ts';
import { stagingName } from './staging-name.ts';
import { deepestFirst, isAtOrBelow, splitPath } from './tree-path.ts';

const asideOf = (name: string): string => `${stagingName(name)}.old`;

export interface Settled {
  readonly removed: readonly string[];
  /** Paths that could neither be removed nor put back, and the error. */
  readonly failed: ReadonlyMap<string, unknown>;
}

export class SetAside {
  readonly #local: LocalDirectory;
  readonly #paths: string[] = [];

  constructor(local: LocalDirectory) {
    this.#local = local;
  }

  get isEmpty(): boolean {
    return this.#paths.length === 0;
  }

  /**
   * Makes a directory. A file or link of that name is set aside, not followed.
   *
   * @throws HubswarmError
   */
  async makeDirectory(path: string): Promise<void> {
    const { parents, name } = splitPath(path);
    await this.#local.within(parents, async (parent) => {
      const there = await parent.stat(name);
      if (there?.isDirectory()) return;
      try {
        if (there) await rename(parent.at(name), parent.at(asideOf(name)));
        if (there) this.#paths.push(path);
        await mkdir(parent.at(name));
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw fileError(error, join(parent.path, name));
      }
    });
  }

  /**
   * Removes the files whose names directories took; where nothing came, the file is put back. Call
   * it also when the mirror failed.
   *
   * @param came directories into which something came, and those above them
   * @param awaited paths of what was to come, with those above them
   * @param directories all that were made
   */
  async settle(
    came: ReadonlySet<string>,
    awaited: ReadonlySet<string>,
    directories: readonly string[],
  ): Promise<Settled> {
    const removed: string[] = [];
    const failed = new Map<string, unknown>();
    for (const path of this.#paths.splice(0)) {
      try {
        // A directory that nothing was to come into is known to be empty.
        if (came.has(path) || !awaited.has(path)) {
          await this.#remove(path);
          removed.push(path);
        } else await this.#restore(path, directories);
      } catch (error) {
        failed.set(path, error);
      }
    }
    return { removed, failed };
  }

  async #remove(path: string): Promise<void> {
    const { parents, name } = splitPath(path);
    await this.#local.within(parents, (parent) => removeEntry(parent, asideOf(name)));
  }

  async #restore(path: string, directories: readonly string[]): Promise<void> {
    const place = new Set([path]);
    const made = directories.filter((each) => isAtOrBelow(each, place));
    for (const each of deepestFirst(made)) await removePath(this.#local, each);
    const { parents, name } = splitPath(path);
    await this.#local.within(parents, (parent) =>
      rename(parent.at(asideOf(name)), parent.at(name)).catch((error: unknown) => {
        throw fileError(error, join(parent.path, name));
      }),
    );
  }
}
