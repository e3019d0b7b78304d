// An open directory below the root in which names are made, replaced and removed.
// On Linux every step goes through its descriptor (/proc/self/fd/N/name, which
// openat() and its kin would do): whatever happens to the path after the check,
// the steps stay in the directory that was checked. Elsewhere the path is used,
// and a directory swapped for a link between check and step is followed.
import { join } from 'node:path';
import type { Opened, ServedRoot } from './served-root.ts';

export class Directory {
  readonly #opened: Opened;

  private constructor(opened: Opened) {
    this.#opened = opened;
  }

  /** Close it. @throws HttpFailure 403, 404, 409 */
  static async open(root: ServedRoot, segments: readonly string[]): Promise<Directory> {
    return new Directory(await root.open(segments));
  }

  /** Made when it is missing, parents and all. Close it. @throws HttpFailure 403, 409 */
  static async make(root: ServedRoot, segments: readonly string[]): Promise<Directory> {
    await root.makeDirectory(segments);
    return Directory.open(root, segments);
  }

  /** Absolute, real, as of the opening. */
  get path(): string {
    return this.#opened.path;
  }

  /** A path to that name in the very directory that is open. */
  at(name: string): string {
    const { handle, path } = this.#opened;
    return process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name);
  }

  /** So that names in it survive a power cut. */
  async sync(): Promise<void> {
    // Windows cannot sync a directory; its rename is on the disk by itself.
    if (process.platform !== 'win32') await this.#opened.handle.sync();
  }

  async close(): Promise<void> {
    await this.#opened.handle.close();
  }
}
