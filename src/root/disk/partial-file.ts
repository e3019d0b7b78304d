// A draft on the disk: a hidden file beside its target (a rename within one directory is
// atomic, and stays on one file system), made new, never shared.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import type { Draft, IfMatch, Segments, Version } from '../root.ts';
import { placeFile, type TargetDirectory } from './place-file.ts';
import { writeChunks } from './write-chunks.ts';

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

export class PartialFile implements Draft {
  readonly place: Segments;
  readonly #directory: TargetDirectory;
  /** Of the partial; the target's is the last of `place`. */
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

  /** @param directory stays open until close() */
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
      // It was there a moment ago, and is made again by the next request.
      throw new Refusal('ERR_BUSY', 'the directory was removed meanwhile; try again', {
        retryAfterMs: 1000,
      });
    }
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return writeChunks(this.#handle, chunks, position);
  }

  async publish(ifMatch: IfMatch): Promise<Version> {
    const file = { handle: this.#handle, path: this.path };
    const version = await placeFile(file, this.#directory, this.place.at(-1)!, ifMatch);
    live.delete(this.#realPath);
    return version;
  }

  /** After publish() only the handle is left to close. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (!live.has(this.#realPath)) return;
    await unlink(this.path).catch(() => undefined);
    live.delete(this.#realPath);
  }

  /** Through the directory that is open. */
  get path(): string {
    return this.#directory.at(this.#name);
  }

  get #realPath(): string {
    return join(this.#directory.path, this.#name);
  }
}
