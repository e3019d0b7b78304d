// The file that is sent: read once from one descriptor, and checked at the end, so that a mixture
// of two versions is never reported as sent.
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { tellableAttributesOf } from '../../disk/file-system/attributes.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { openNamed } from '../../runtime/node/named-file.ts';

/** Most bytes that the link is asked for at once (Link.send). */
const PACED_BYTES = 64 * 1024;
/** Measured on hubs: longer reads gain nothing. */
const READ_BYTES = 512 * 1024;

export class UploadSource {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #before: Stats;

  private constructor(path: string, handle: FileHandle, before: Stats) {
    this.#path = path;
    this.#handle = handle;
    this.#before = before;
  }

  /** @throws HubswarmError ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_USAGE (no regular file) */
  static async open(path: string): Promise<UploadSource> {
    const { handle, stats } = await openNamed(path);
    return new UploadSource(path, handle, stats);
  }

  get bytes(): number {
    return this.#before.size;
  }

  get attributes(): FileAttributes {
    return tellableAttributesOf(this.#before);
  }

  /** What identifies this version of the file. */
  get version(): readonly (string | number)[] {
    const { dev, ino, size, mtimeMs } = this.#before;
    return [resolve(this.#path), dev, ino, size, mtimeMs];
  }

  /** The sha-256 as a Repr-Digest (RFC 9530). @throws HubswarmError ERR_SOURCE_CHANGED */
  async digest(): Promise<string> {
    const hash = createHash('sha256');
    for await (const bytes of this.read(false)) hash.update(bytes);
    return `sha-256=:${hash.digest('base64')}:`;
  }

  /** Reads the file in order, from an offset on. @throws HubswarmError ERR_SOURCE_CHANGED */
  async *read(paced: boolean, from = 0): AsyncGenerator<Uint8Array> {
    const length = paced ? PACED_BYTES : READ_BYTES;
    for (let at = from; at < this.bytes; ) {
      // A new buffer each time: the socket may hold it for a while.
      const buffer = Buffer.allocUnsafeSlow(Math.min(length, this.bytes - at));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw this.#changed();
      at += bytesRead;
      if (at === this.bytes) await this.#checkUnchanged();
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #checkUnchanged(): Promise<void> {
    const { size, mtimeMs, nlink } = await this.#handle.stat();
    const same = size === this.#before.size && mtimeMs === this.#before.mtimeMs && nlink > 0;
    if (!same) throw this.#changed();
  }

  #changed(): HubswarmError {
    return new HubswarmError('ERR_SOURCE_CHANGED', `${this.#path}: changed while it was sent`);
  }
}
