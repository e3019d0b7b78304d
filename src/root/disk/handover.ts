// A name goes from a file to a directory, or from a directory to a file: no rename() does that in
// one step. So each handover has a directory `.hubswarm/handovers/<id>/` and a lock in it. The steps:
//   1. what is to take the name is there as `new`, complete and on the disk;
//   2. `place.json` says the names of the place, and the inode of `new`;
//   3. the old thing becomes `old`;
//   4. `new` takes the name;
//   5. `old` becomes `gone`, and all is removed.
// A step that fails gives the old thing its name back. What a crash leaves is for the next start
// (left-handovers.ts).
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatIfAny, syncPath } from '../../disk/file-system/steps.ts';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { OWN_DIRECTORY } from '../names.ts';
import type { Replacing, Segments } from '../root.ts';
import type { UploadLock } from '../unfinished.ts';
import { isDeadPartial } from './dead-partial.ts';
import { entriesOf } from './entries-of.ts';
import { writeRecord } from './handover-record.ts';
import { isPartial } from './partial-file.ts';
import { lockUpload } from './upload-lock.ts';

/** The directory in which the name is handed over. */
export interface Above {
  readonly place: Segments;
  /** A path to that name in the very directory that is open. */
  at(name: string): string;
  sync(): Promise<void>;
}

export const handoversIn = (root: string): string => join(root, OWN_DIRECTORY, 'handovers');

const otherFileSystem = (): Refusal =>
  new Refusal('ERR_CONFLICT', 'what has this name cannot give way on this file system');

const busy = (): Refusal =>
  new Refusal('ERR_BUSY', 'something else takes this name; try again', { retryAfterMs: 1000 });

export class Handover {
  readonly #directory: string;
  readonly #above: Above;
  readonly #name: string;
  readonly #lock: UploadLock;
  /** Whether `old` is the only copy of what had the name. */
  #isNeeded = false;

  private constructor(directory: string, above: Above, name: string, lock: UploadLock) {
    this.#directory = directory;
    this.#above = above;
    this.#name = name;
    this.#lock = lock;
  }

  /**
   * @param root absolute real path. @param above must stay open until close()
   * @throws Refusal ERR_CONFLICT on another file system than the root's, ERR_DISK_FULL, ...
   */
  static async begin(root: string, above: Above, name: string): Promise<Handover> {
    const directory = join(handoversIn(root), randomBytes(16).toString('hex'));
    try {
      await makeDirectory(directory, 0o700);
      const lock = await lockUpload(directory);
      if (!lock) throw busy();
      const handover = new Handover(directory, above, name, lock);
      await handover.#checkFileSystem().catch(async (error: unknown) => {
        await handover.close();
        throw error;
      });
      return handover;
    } catch (error) {
      throw fileRefusal(error instanceof HubswarmError ? (error.cause ?? error) : error);
    }
  }

  async #checkFileSystem(): Promise<void> {
    const [here, there] = await Promise.all([stat(this.#directory), stat(this.#above.at('.'))]);
    if (here.dev !== there.dev) throw otherFileSystem();
  }

  /** Makes the directory that is to take the name, with one below it. Resolves to the latter's path. */
  async makeNew(below: Segments): Promise<string> {
    const path = join(this.#new, ...below);
    await mkdir(path, { recursive: true }).catch((error: unknown) => {
      throw fileRefusal(error);
    });
    return path;
  }

  /** Lets the directory that was made take the name. @throws as run() */
  async placeNew(replacing: Replacing): Promise<void> {
    await syncTree(this.#new);
    await this.#run(replacing, checkIsFile);
  }

  /**
   * @param put gives a path to something that is on the disk, which then takes the name
   * @throws Refusal ERR_PRECONDITION, ERR_BUSY if other things have the name by now, and what `put` throws
   */
  async run(replacing: Replacing, put: (path: string) => Promise<void>): Promise<void> {
    const check =
      replacing.directories === 'empty' ? checkIsEmpty : (): Promise<void> => Promise.resolve();
    await put(this.#new);
    await this.#run(replacing, check);
  }

  async #run(replacing: Replacing, check: (old: string) => Promise<void>): Promise<void> {
    const target = this.#above.at(this.#name);
    const place = [...this.#above.place, this.#name];
    try {
      await check(target);
      await writeRecord(this.#directory, place);
      await rename(target, this.#old);
    } catch (error) {
      const code = systemCode(error);
      // Another handover of the name is under way.
      if (code === 'ENOENT') throw busy();
      throw code === 'EXDEV' ? otherFileSystem() : fileRefusal(error);
    }
    this.#isNeeded = true;
    try {
      await check(this.#old);
      await rename(this.#new, target);
    } catch (error) {
      this.#isNeeded = !(await giveBack(this.#old, target));
      throw fileRefusal(error);
    }
    await this.#above.sync();
    const gone = join(this.#directory, 'gone');
    await rename(this.#old, gone);
    this.#isNeeded = false;
    await tellRemoved(gone, place, replacing);
  }

  /** Removes what is left of it, unless that is still needed. */
  async close(): Promise<void> {
    // What cannot be removed now goes after the next start.
    if (!this.#isNeeded) await removeHandover(this.#directory).catch(() => undefined);
    await this.#lock.release();
  }

  get #old(): string {
    return join(this.#directory, 'old');
  }

  get #new(): string {
    return join(this.#directory, 'new');
  }
}

/** False if another thing has the name meanwhile, which keeps it. */
export async function giveBack(old: string, target: string): Promise<boolean> {
  if (await lstatIfAny(target)) return false;
  await rename(old, target);
  return true;
}

async function checkIsFile(old: string): Promise<void> {
  if (!(await lstat(old)).isDirectory()) return;
  throw busy();
}

async function checkIsEmpty(old: string): Promise<void> {
  if (!(await lstat(old)).isDirectory()) return;
  for (const name of await readdir(old))
    if (!(await isDeadPartial(join(old, name))))
      throw new Refusal('ERR_PRECONDITION', 'the directory is not empty');
}

async function syncTree(directory: string): Promise<void> {
  for await (const entry of entriesOf(directory))
    if (entry.isDirectory()) await syncTree(join(directory, entry.name));
  await syncPath(directory);
}

/** Tells of each file that goes with what gave way. */
async function tellRemoved(old: string, place: Segments, { onRemoved }: Replacing): Promise<void> {
  const tell = async (path: string, names: Segments): Promise<void> => {
    const stats = await lstat(path);
    // Bytes of a file with another hard link are not freed.
    onRemoved(names, stats.isFile() && stats.nlink === 1 ? stats.size : 0);
  };
  if (!(await lstat(old)).isDirectory()) return tell(old, place);
  const left: Segments[] = [[]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for await (const entry of entriesOf(join(old, ...next))) {
      const names = [...next, entry.name];
      if (entry.isDirectory()) left.push(names);
      // Partial files never counted.
      else if (!isPartial(entry.name)) await tell(join(old, ...names), [...place, ...names]);
    }
  }
}

export function removeHandover(directory: string): Promise<void> {
  // Retries, since another process that tries for the lock may leave a file there meanwhile.
  return rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
}
