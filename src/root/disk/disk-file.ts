// A file on the disk, by its descriptor. Its bytes are those of the file that was opened, even if
// another file has the name since; but a writer can change them.
import { setTimeout as delay } from 'node:timers/promises';
import type { FileAttributes } from '../../content/attributes.ts';
import { applyAttributes } from '../../disk/file-system/attributes.ts';
import type { Handle } from '../../disk/file-system/file-calls.ts';
import { stampOf } from '../../disk/file-system/stamp-age.ts';
import type { OpenFile, Segments, Version } from '../root.ts';
import { versionOf } from './version-of.ts';

/**
 * Most looks for the new length of a file with a new time. Chosen: a write sets the time first and
 * the length then, page by page.
 */
const WRITE_TRIES = 5;
const WRITE_WAIT_MS = 10;

/** What a write to a file changes. */
interface Written {
  readonly size: number;
  readonly mtimeMs: number;
}

export class DiskFile implements OpenFile {
  readonly kind = 'file';
  readonly place: Segments;
  readonly version: Version;
  readonly #handle: Handle;
  /** State of the file when hasOnlyGrown() was last called. */
  #last: Written;

  constructor(handle: Handle, place: Segments, version: Version) {
    this.place = place;
    this.version = version;
    this.#handle = handle;
    this.#last = { size: version.size, mtimeMs: version.modifiedMs };
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(into, 0, into.length, position)).bytesRead;
  }

  async isCurrent(): Promise<boolean> {
    return stampOf(await this.#handle.stat()) === this.version.stamp;
  }

  async isUnchanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.#handle.stat();
    return size === this.version.size && mtimeMs === this.version.modifiedMs;
  }

  /** False if the file became shorter, or was written to without becoming longer. */
  async hasOnlyGrown(): Promise<boolean> {
    const last = this.#last;
    let now: Written = await this.#handle.stat();
    for (let tries = 0; now.size === last.size && now.mtimeMs !== last.mtimeMs; tries++) {
      if (tries === WRITE_TRIES) return false;
      await delay(WRITE_WAIT_MS);
      now = await this.#handle.stat();
    }
    this.#last = now;
    return now.size >= last.size;
  }

  async setAttributes(attributes: FileAttributes): Promise<Version> {
    await applyAttributes(this.#handle, attributes);
    return versionOf(await this.#handle.stat());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
