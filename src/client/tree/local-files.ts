// What a local directory holds, all the way down, as far as a hub would take it.
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, fileError, HubswarmError } from '../../runtime/errors.ts';

export interface LocalFile {
  readonly path: string;
  /** Below the directory that was walked. */
  readonly segments: readonly string[];
  readonly size: number;
}

export interface LocalFiles {
  readonly files: readonly LocalFile[];
  /** Relative, with '/'; without the one that was walked. */
  readonly directories: ReadonlySet<string>;
  /** Relative paths of what is here and is not sent, nor anything below it. */
  readonly leftOut: ReadonlySet<string>;
}

export interface LocalFilesOptions {
  /** What a hub would never take. */
  readonly onLeftOut: (message: string) => void;
  /** What could not be read: relative path, and why. */
  readonly onUnreadable: (path: string, reason: string) => void;
}

/** @throws HubswarmError ERR_USAGE when it is no directory, ERR_NOT_FOUND, ERR_NOT_PERMITTED */
export async function localFiles(
  directory: string,
  options: LocalFilesOptions,
): Promise<LocalFiles> {
  const walk = new Walk(options);
  try {
    if (!(await stat(directory)).isDirectory()) {
      throw new HubswarmError('ERR_USAGE', `${directory}: is not a directory; leave -r out`);
    }
    await walk.run(directory, []);
  } catch (error) {
    throw fileError(error, directory);
  }
  return walk;
}

class Walk implements LocalFiles {
  readonly files: LocalFile[] = [];
  readonly directories = new Set<string>();
  readonly leftOut = new Set<string>();
  readonly #options: LocalFilesOptions;

  constructor(options: LocalFilesOptions) {
    this.#options = options;
  }

  async run(path: string, segments: readonly string[]): Promise<void> {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = { path: join(path, entry.name), segments: [...segments, entry.name] };
      const relative = inside.segments.join('/');
      const reason = reasonToLeave(entry.name);
      try {
        if (reason) this.#leave(inside.path, relative, reason);
        else if (entry.isDirectory()) {
          this.directories.add(relative);
          await this.run(inside.path, inside.segments);
        } else if (!entry.isFile()) this.#leave(inside.path, relative, 'no regular file');
        else this.files.push({ ...inside, size: (await lstat(inside.path)).size });
      } catch (error) {
        this.leftOut.add(relative);
        this.#options.onUnreadable(relative, describeError(fileError(error, inside.path)));
      }
    }
  }

  #leave(path: string, relative: string, reason: string): void {
    this.leftOut.add(relative);
    this.#options.onLeftOut(`${path}: left out: ${reason}`);
  }
}

/** Why a hub would not list that name; undefined when it would. */
export function reasonToLeave(name: string): string | undefined {
  if (name.startsWith('.')) return 'hidden';
  if (name.includes('\\')) return 'a backslash is in its name';
  // Node.js reads what is no UTF-8 as U+FFFD, and cannot find it again by that.
  return name.includes('\ufffd') ? 'its name is not UTF-8' : undefined;
}
