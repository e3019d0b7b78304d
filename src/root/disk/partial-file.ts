// A draft on the disk: a new hidden file beside its target, which nobody shares. A rename within
// one directory is atomic, and stays on one file system.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { Draft, IfMatch, Segments, Version } from '../root.ts';
import { placeFile, type TargetDirectory } from './place-file.ts';
import { writeChunks } from './write-chunks.ts';

/**
 * Names that only this module makes, so that leftovers of a crash can be recognized and removed.
 */
const PARTIAL = /^\..+\.[0-9a-f]{16}\.part$/;

export function isPartial(name: string): boolean {
  return PARTIAL.test(name);
}

/**
 * NAME_MAX, less the bytes that are added. A partial file of a longer name does without that name.
 */
const MAX_STEM_BYTES = 255 - '..0123456789abcdef.part'.length;

/** Partial files of this process that are being written, so that none counts as left over. */
const live = new Set<string>();

export function isLive(path: string): boolean {
  return live.has(path);
}

export class PartialFile implements Draft {
  readonly place: Segments;
  readonly #directory: TargetDirectory;
  /** Name of the partial file; the target's name is the last of `place`. */
  readonly #name: string;
  readonly #handle: FileHandle;

  private constructor(
    directory: TargetDirectory,
    target: string,
    name: string,
    handle: FileHandle,
  ) {
    this.place = [...directory.place, target];
    this.#directory = directory;
    this.#name = name;
    this.#handle = handle;
  }

  /** @param directory must stay open until close() */
  static async create(directory: TargetDirectory, target: string): Promise<PartialFile> {
    const stem = Buffer.byteLength(target) > MAX_STEM_BYTES ? 'upload' : target;
    const name = `.${stem}.${randomBytes(8).toString('hex')}.part`;
    const path = join(directory.path, name);
    live.add(path);
    try {
      return new PartialFile(directory, target, name, await open(directory.at(name), 'wx+'));
    } catch (error) {
      live.delete(path);
      if (systemCode(error) !== 'ENOENT') throw fileRefusal(error);
      // The directory vanished a moment ago; the next request makes it again.
      throw new Refusal('ERR_BUSY', 'the directory was removed meanwhile; try again', {
        retryAfterMs: 1000,
      });
    }
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return writeChunks(this.#handle, chunks, position);
  }

  async publish(ifMatch: IfMatch, attributes?: FileAttributes): Promise<Version> {
    const file = { handle: this.#handle, path: this.path };
    const name = this.place.at(-1)!;
    const version = await placeFile(file, this.#directory, name, ifMatch, attributes);
    live.delete(this.#realPath);
    return version;
  }

  /** Closes the handle, and removes the file unless it was published. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (!live.has(this.#realPath)) return;
    await unlink(this.path).catch(() => undefined);
    live.delete(this.#realPath);
  }

  /** Path of the file through the open directory. */
  get path(): string {
    return this.#directory.at(this.#name);
  }

  get #realPath(): string {
    return join(this.#directory.path, this.#name);
  }
}
