// An upload before it is whole: a hidden file beside its target (a rename within
// one directory is atomic, and stays on one file system), made new, never shared.
// Published by link() when nothing may be replaced, else by rename(); the data is
// on the disk before its name, the name before the answer.
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatIfAny } from '../../disk/steps.ts';
import { adoptAccess } from '../../disk/target-place.ts';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { Directory } from './directory.ts';

/** Names that only this file makes, so that what a crash left can be told and removed. */
const PARTIAL = /^\..+\.[0-9a-f]{16}\.part$/;

export function isPartial(name: string): boolean {
  return PARTIAL.test(name);
}

/** NAME_MAX, less what is added; a longer name does without its own part. */
const MAX_STEM_BYTES = 255 - '..0123456789abcdef.part'.length;

/** Uploads of this process that are under way, so that none is taken for a leftover. */
const live = new Set<string>();

export function isLive(path: string): boolean {
  return live.has(path);
}

export class PartialFile {
  readonly handle: FileHandle;
  readonly #directory: Directory;
  readonly #name: string;

  private constructor(directory: Directory, name: string, handle: FileHandle) {
    this.#directory = directory;
    this.#name = name;
    this.handle = handle;
  }

  /** @param directory stays open until close() */
  static async create(directory: Directory, target: string): Promise<PartialFile> {
    const stem = Buffer.byteLength(target) > MAX_STEM_BYTES ? 'upload' : target;
    const name = `.${stem}.${randomBytes(8).toString('hex')}.part`;
    const path = join(directory.path, name);
    live.add(path);
    try {
      return new PartialFile(directory, name, await open(directory.at(name), 'wx+'));
    } catch (error) {
      live.delete(path);
      // It was there a moment ago, and is made again by the next request.
      if (systemCode(error) !== 'ENOENT') throw fileRefusal(error);
      throw new Refusal('ERR_BUSY', 'the directory was removed meanwhile; try again', {
        retryAfterMs: 1000,
      });
    }
  }

  /** @param createOnly fails with 412 when the name is taken. */
  async place(name: string, createOnly: boolean): Promise<void> {
    await placeFile(
      { handle: this.handle, path: this.#directory.at(this.#name) },
      this.#directory,
      { name, createOnly },
    );
    live.delete(this.#path);
  }

  /** After place() only the handle is left to close. */
  async close(): Promise<void> {
    await this.handle.close();
    if (!live.has(this.#path)) return;
    await unlink(this.#directory.at(this.#name)).catch(() => undefined);
    live.delete(this.#path);
  }

  get #path(): string {
    return join(this.#directory.path, this.#name);
  }
}

/**
 * Gives a written file its name, in one step that is on the disk when this resolves.
 *
 * @param file of the file system that the directory is on
 * @throws Refusal ERR_PRECONDITION when only a new name would do; what the file system says
 */
export async function placeFile(
  file: { readonly handle: FileHandle; readonly path: string },
  directory: Directory,
  { name, createOnly }: { readonly name: string; readonly createOnly: boolean },
): Promise<void> {
  const target = directory.at(name);
  try {
    await file.handle.sync();
    const there = createOnly ? undefined : await lstatIfAny(target);
    if (there && !there.isFile() && !there.isSymbolicLink()) {
      throw new Refusal('ERR_CONFLICT', 'what is no file has this name');
    }
    // Whoever may read or run the file today may so afterwards.
    if (there?.isFile()) await adoptAccess(file.handle, there);
    if (createOnly) {
      await link(file.path, target);
      await unlink(file.path);
    } else await rename(file.path, target);
  } catch (error) {
    if (createOnly && systemCode(error) === 'EEXIST') {
      throw new Refusal('ERR_PRECONDITION', 'the name is taken');
    }
    throw error instanceof Refusal ? error : fileRefusal(error);
  }
  await directory.sync();
}
