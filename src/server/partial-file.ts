// An upload before it is whole: a hidden file beside its target (a rename within
// one directory is atomic, and stays on one file system), made new, never shared.
// Published by link() when nothing may be replaced, else by rename(); the data is
// on the disk before its name, the name before the answer.
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../runtime/errors.ts';
import { HttpFailure, httpFailure } from './http-failure.ts';

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
  readonly #path: string;
  readonly #directory: string;

  private constructor(directory: string, path: string, handle: FileHandle) {
    this.#directory = directory;
    this.#path = path;
    this.handle = handle;
  }

  static async create(directory: string, name: string): Promise<PartialFile> {
    const stem = Buffer.byteLength(name) > MAX_STEM_BYTES ? 'upload' : name;
    const path = join(directory, `.${stem}.${randomBytes(8).toString('hex')}.part`);
    live.add(path);
    try {
      return new PartialFile(directory, path, await open(path, 'wx+'));
    } catch (error) {
      live.delete(path);
      throw httpFailure(error);
    }
  }

  async write(chunks: readonly Buffer[]): Promise<void> {
    let left = [...chunks];
    try {
      while (left.length > 0) {
        const { bytesWritten } = await this.handle.writev(left);
        left = skip(left, bytesWritten);
      }
    } catch (error) {
      throw httpFailure(error);
    }
  }

  /** @param createOnly fails with 412 when the name is taken. */
  async publish(name: string, createOnly: boolean): Promise<void> {
    const target = join(this.#directory, name);
    try {
      await this.handle.sync();
      if (createOnly) {
        await link(this.#path, target);
        await unlink(this.#path);
      } else await rename(this.#path, target);
    } catch (error) {
      if (createOnly && systemCode(error) === 'EEXIST') {
        throw new HttpFailure(412, 'the name is taken');
      }
      throw httpFailure(error);
    }
    live.delete(this.#path);
    await syncDirectory(this.#directory);
  }

  /** After publish() only the handle is left to close. */
  async close(): Promise<void> {
    await this.handle.close();
    if (!live.has(this.#path)) return;
    await unlink(this.#path).catch(() => undefined);
    live.delete(this.#path);
  }
}

/** What writev() did not take; it may stop short when the disk fills. */
function skip(chunks: readonly Buffer[], bytes: number): Buffer[] {
  const left: Buffer[] = [];
  let skipped = 0;
  for (const chunk of chunks) {
    const from = Math.min(chunk.length, Math.max(0, bytes - skipped));
    skipped += chunk.length;
    if (from < chunk.length) left.push(chunk.subarray(from));
  }
  return left;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; its rename is on the disk by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
