// A name goes from a file to a directory, or from a directory to a file: no rename() does that in
// one step. So each handover has a directory `.hubswarm/handovers/<id>/` with the names of its place
// (`place.json`), a lock, and what had the name (`old`). A directory that is to take the name is
// made there too (`new`). The steps:
//   1. `place.json` is on the disk;
//   2. the old thing becomes `old`;
//   3. the new thing, complete and on the disk, takes the name;
//   4. `old` is removed.
// A step that fails gives the old thing its name back, and so does the next start after a crash
// between 2 and 3 (mendHandovers). Leftovers of the others are removed then (removeHandovers).
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatIfAny, syncPath } from '../../disk/steps.ts';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { OWN_DIRECTORY } from '../names.ts';
import type { Replacing, Segments } from '../root.ts';
import type { UploadLock } from '../unfinished.ts';
import { entriesOf } from './entries-of.ts';
import { lockUpload } from './upload-lock.ts';

/** The directory in which the name is handoverd. */
interface Above {
  readonly place: Segments;
  /** A path to that name in the very directory that is open. */
  at(name: string): string;
  sync(): Promise<void>;
}

const handoversIn = (root: string): string => join(root, OWN_DIRECTORY, 'handovers');

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
      await handover.#record().catch(async (error: unknown) => {
        await handover.close();
        throw error;
      });
      return handover;
    } catch (error) {
      throw fileRefusal(error instanceof HubswarmError ? (error.cause ?? error) : error);
    }
  }

  async #record(): Promise<void> {
    const [here, there] = await Promise.all([stat(this.#directory), stat(this.#above.at('.'))]);
    if (here.dev !== there.dev) throw otherFileSystem();
    const handle = await open(join(this.#directory, 'place.json'), 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify([...this.#above.place, this.#name]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncPath(this.#directory);
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
    await this.#run(replacing, checkIsFile, (target) => rename(this.#new, target));
  }

  /**
   * @param put gives the name to something that is on the disk
   * @throws Refusal ERR_PRECONDITION, ERR_BUSY if other things have the name by now, and what `put` throws
   */
  async run(replacing: Replacing, put: (target: string) => Promise<void>): Promise<void> {
    const check =
      replacing.directories === 'empty' ? checkIsEmpty : (): Promise<void> => Promise.resolve();
    await this.#run(replacing, check, put);
  }

  async #run(
    replacing: Replacing,
    check: (old: string) => Promise<void>,
    put: (target: string) => Promise<void>,
  ): Promise<void> {
    const target = this.#above.at(this.#name);
    try {
      await check(target);
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
      await put(target);
    } catch (error) {
      await giveBack(this.#old, target);
      this.#isNeeded = false;
      throw fileRefusal(error);
    }
    await this.#above.sync();
    this.#isNeeded = false;
    await tellRemoved(this.#old, [...this.#above.place, this.#name], replacing);
  }

  /** Removes what is left of it, unless that is still needed. */
  async close(): Promise<void> {
    // What cannot be removed now goes after the next start.
    if (!this.#isNeeded) await removeAll(this.#directory).catch(() => undefined);
    await this.#lock.release();
  }

  get #old(): string {
    return join(this.#directory, 'old');
  }

  get #new(): string {
    return join(this.#directory, 'new');
  }
}

/** Gives things their names back that a crash left without one. */
export async function mendHandovers(
  root: string,
  openParent: (place: Segments) => Promise<Above & { close(): Promise<void> }>,
): Promise<void> {
  await forEachLeft(root, async (directory) => {
    const old = join(directory, 'old');
    if (!(await lstatIfAny(old))) return;
    const place = JSON.parse(await readFile(join(directory, 'place.json'), 'utf8')) as Segments;
    const above = await openParent(place);
    try {
      await giveBack(old, above.at(place.at(-1)!));
      await above.sync();
    } finally {
      await above.close();
    }
  });
}

/** Removes what handovers of dead processes left, after mendHandovers(). Never rejects. */
export async function removeHandovers(root: string): Promise<void> {
  await forEachLeft(root, removeAll).catch(() => undefined);
}

/** @param each gets the directory of an handover that no live process has */
async function forEachLeft(
  root: string,
  each: (directory: string) => Promise<void>,
): Promise<void> {
  for await (const { name } of entriesOf(handoversIn(root))) {
    const directory = join(handoversIn(root), name);
    const lock = await lockUpload(directory).catch(() => undefined);
    if (!lock) continue;
    try {
      await each(directory);
    } finally {
      await lock.release();
    }
  }
}

/** Whoever has taken the name meanwhile keeps it. */
async function giveBack(old: string, target: string): Promise<void> {
  if (!(await lstatIfAny(target))) await rename(old, target);
}

async function checkIsFile(old: string): Promise<void> {
  if (!(await lstat(old)).isDirectory()) return;
  throw busy();
}

async function checkIsEmpty(old: string): Promise<void> {
  if (!(await lstat(old)).isDirectory() || (await readdir(old)).length === 0) return;
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
      else await tell(join(old, ...names), [...place, ...names]);
    }
  }
}

function removeAll(directory: string): Promise<void> {
  // Retries, since another process that tries for the lock may leave a file there meanwhile.
  return rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
}
