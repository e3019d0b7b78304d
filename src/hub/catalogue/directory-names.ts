// The names in a directory, sorted, and kept until the directory changes. They are the part of a
// listing that grows with the directory; size, date and CID are asked only for the entries of the
// page that is shown. Sorting goes in short steps, so that a hundred thousand names delay no other
// request. Memory is bounded in names. Hidden names are left out. Names that cannot be served are
// left out and counted: special files, and names that no URL gives back (not UTF-8, or with a
// backslash).
import { setImmediate as turn } from 'node:timers/promises';
import { isNameable } from '../../root/names.ts';
import type { OpenDirectory } from '../../root/root.ts';
import { isSettled } from '../../root/version.ts';
import { Gate } from '../../runtime/gate.ts';
import { Refusal } from '../../runtime/refusal.ts';

export interface Names {
  /** Names of directories, sorted by UTF-16 code units. A link counts as what it leads to. */
  readonly directories: readonly string[];
  readonly files: readonly string[];
  /** Whether the directory has more names than were read. */
  readonly truncated: boolean;
  /** Number of entries that cannot be served, without the hidden ones. */
  readonly unserved: number;
  /** Number of files and directories among them: their names are none that a URL gives back. */
  readonly unnameable: number;
}

/** Most names of a directory. Chosen: some 100 MB while they are read. */
const MAX_NAMES = 1_000_000;
/** Most names kept, of all directories together. Chosen: some 25 MB. */
const MAX_KEPT_NAMES = 250_000;
/** Names sorted in one step, which takes about 2 ms. */
const STEP_NAMES = 4096;
/** Most directories read at once. Chosen. */
const READING_AT_ONCE = 2;

/** A reading that several requests share; it goes on while one of them is there. */
interface Running {
  readonly names: Promise<Names>;
  readonly askers: (AbortSignal | undefined)[];
}

interface Kept {
  readonly stamp: string;
  readonly names: Names;
}

export class DirectoryNames {
  /** Names of directories by the place's names, in the order of last use. */
  readonly #kept = new Map<string, Kept>();
  #keptNames = 0;
  readonly #running = new Map<string, Running>();
  readonly #gate = new Gate(READING_AT_ONCE);

  /**
   * @param directory must stay open until the promise settles
   * @param signal aborts if the request is gone
   * @throws Refusal, ERR_BUSY if all requests are gone
   */
  of(directory: OpenDirectory, signal?: AbortSignal): Promise<Names> {
    const path = directory.place.join('/');
    const { stamp } = directory.version;
    const kept = this.#kept.get(path);
    if (kept?.stamp === stamp) {
      this.#kept.delete(path);
      this.#kept.set(path, kept);
      return Promise.resolve(kept.names);
    }
    const key = `${stamp}:${path}`;
    const running = this.#running.get(key);
    if (running) {
      running.askers.push(signal);
      return running.names;
    }
    const askers = [signal];
    const checkWanted = (): void => {
      if (askers.every((asker) => asker?.aborted)) throw givenUp();
    };
    const names = this.#gate
      .run(() => this.#read(directory, path, checkWanted))
      .finally(() => this.#running.delete(key));
    this.#running.set(key, { names, askers });
    return names;
  }

  async #read(directory: OpenDirectory, path: string, checkWanted: () => void): Promise<Names> {
    const { version } = directory;
    // Names that are made within the same tick would not change the stamp.
    const isFinal = isSettled(version);
    const names = await readNames(directory, checkWanted);
    if (isFinal && countOf(names) <= MAX_KEPT_NAMES) {
      this.#keep(path, { stamp: version.stamp, names });
    }
    return names;
  }

  #keep(path: string, kept: Kept): void {
    this.#drop(path);
    this.#kept.set(path, kept);
    this.#keptNames += countOf(kept.names);
    for (const oldest of this.#kept.keys()) {
      if (this.#keptNames <= MAX_KEPT_NAMES) break;
      this.#drop(oldest);
    }
  }

  #drop(path: string): void {
    const kept = this.#kept.get(path);
    if (!kept) return;
    this.#kept.delete(path);
    this.#keptNames -= countOf(kept.names);
  }
}

/** Number of names, for the bound. An empty directory takes room as well. */
function countOf({ directories, files }: Names): number {
  return directories.length + files.length + 1;
}

/** The reason of an abandoned reading. Only a request that comes at this very moment sees it. */
function givenUp(): Refusal {
  return new Refusal('ERR_BUSY', 'the listing was given up; try again', { retryAfterMs: 1000 });
}

async function readNames(directory: OpenDirectory, checkWanted: () => void): Promise<Names> {
  checkWanted();
  const directories = new SortedNames();
  const files = new SortedNames();
  let count = 0;
  let unserved = 0;
  let unnameable = 0;
  for await (const entries of directory.list()) {
    checkWanted();
    for (const { name, kind } of entries) {
      if (count++ === MAX_NAMES) break;
      if (kind === 'other') unserved++;
      else if (!isNameable(name)) {
        unserved++;
        unnameable++;
      } else if (kind === 'directory') directories.add(name);
      else files.add(name);
    }
    if (count > MAX_NAMES) break;
  }
  return {
    directories: await directories.sorted(),
    files: await files.sorted(),
    truncated: count > MAX_NAMES,
    unserved,
    unnameable,
  };
}

/** Sorts names that come in any order. Each run is sorted at once; all are merged at the end. */
class SortedNames {
  readonly #runs: string[][] = [];
  #run: string[] = [];

  add(name: string): void {
    this.#run.push(name);
    if (this.#run.length === STEP_NAMES) this.#endRun();
  }

  async sorted(): Promise<readonly string[]> {
    this.#endRun();
    let runs = this.#runs;
    while (runs.length > 1) {
      const merged: string[][] = [];
      for (let i = 0; i < runs.length; i += 2) {
        const [a, b] = [runs[i]!, runs[i + 1]];
        merged.push(b ? await merge(a, b) : a);
      }
      runs = merged;
    }
    return runs[0] ?? [];
  }

  #endRun(): void {
    if (this.#run.length === 0) return;
    this.#runs.push(this.#run.sort());
    this.#run = [];
  }
}

async function merge(a: readonly string[], b: readonly string[]): Promise<string[]> {
  const merged: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const fromA = j === b.length || (i < a.length && a[i]! < b[j]!);
    merged.push(fromA ? a[i++]! : b[j++]!);
    if (merged.length % STEP_NAMES === 0) await turn();
  }
  return merged;
}
