// Lists what a local directory holds, all the way down, as far as a hub would accept it.
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { tellableAttributesOf } from '../../disk/file-system/attributes.ts';
import { describeError, fileError, HubswarmError } from '../../runtime/errors.ts';

export interface LocalFile {
  readonly path: string;
  /** Names of the path below the directory. */
  readonly segments: readonly string[];
  readonly size: number;
  readonly attributes: FileAttributes;
}

export interface LocalFiles {
  readonly files: readonly LocalFile[];
  /** Relative paths, with '/', without the directory itself. */
  readonly directories: ReadonlySet<string>;
  /** When each of them was last changed, in ms since the epoch, and '' for the directory itself. */
  readonly times: ReadonlyMap<string, number>;
  /** Relative paths that are here and are not sent, with all below them. */
  readonly leftOut: ReadonlySet<string>;
}

export interface LocalFilesOptions {
  /** Called with a message for each path that is never part of what a hub serves. */
  readonly onLeftOut: (message: string) => void;
  /** Called with each path that cannot be read, or has a name that no hub takes, and the reason. */
  readonly onUnsendable: (path: string, reason: string) => void;
}

/** @throws HubswarmError ERR_USAGE if it is no directory, ERR_NOT_FOUND, ERR_NOT_PERMITTED */
export async function localFiles(
  directory: string,
  options: LocalFilesOptions,
): Promise<LocalFiles> {
  const walk = new Walk(options);
  try {
    if (!(await stat(directory)).isDirectory()) {
      throw new HubswarmError('ERR_USAGE', `${directory}: is not a directory`);
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
  readonly times = new Map<string, number>();
  readonly leftOut = new Set<string>();
  readonly #options: LocalFilesOptions;

  constructor(options: LocalFilesOptions) {
    this.#options = options;
  }

  async run(path: string, segments: readonly string[]): Promise<void> {
    const { modifiedMs } = tellableAttributesOf(await stat(path));
    if (modifiedMs !== undefined) this.times.set(segments.join('/'), modifiedMs);
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = { path: join(path, entry.name), segments: [...segments, entry.name] };
      const relative = inside.segments.join('/');
      const reason = reasonToLeave(entry.name);
      try {
        if (reason === HIDDEN) this.#leave(inside.path, relative, reason);
        else if (reason !== undefined) this.#note(relative, reason);
        else if (entry.isDirectory()) {
          this.directories.add(relative);
          await this.run(inside.path, inside.segments);
        } else if (!entry.isFile()) this.#leave(inside.path, relative, 'no regular file');
        else {
          const stats = await lstat(inside.path);
          const { size } = stats;
          this.files.push({ ...inside, size, attributes: tellableAttributesOf(stats) });
        }
      } catch (error) {
        this.#note(relative, describeError(fileError(error, inside.path)));
      }
    }
  }

  #note(relative: string, reason: string): void {
    this.leftOut.add(relative);
    this.#options.onUnsendable(relative, reason);
  }

  #leave(path: string, relative: string, reason: string): void {
    this.leftOut.add(relative);
    this.#options.onLeftOut(`${path}: left out: ${reason}`);
  }
}

const HIDDEN = 'hidden';

/** Why a hub would not list that name; undefined if it would. */
export function reasonToLeave(name: string): string | undefined {
  if (name.startsWith('.')) return HIDDEN;
  if (name.includes('\\')) return 'a backslash is in its name';
  // Node.js reads bytes that are not UTF-8 as U+FFFD, and does not find the file again by that.
  return name.includes('\ufffd') ? 'its name is not UTF-8' : undefined;
}
