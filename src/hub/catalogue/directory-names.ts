// The names in a directory, sorted, kept until the directory changes: the part of a
// listing that grows with the directory. What each name is (size, date, CID) is
// asked for the page that is shown only. Sorting goes in short steps, so that a
// hundred thousand names hold up no other request; memory is bounded in names.
// Left out: hidden names; and, counted, what cannot be served (special files, names that no
// URL gives back: not UTF-8, or with a backslash).
import { setImmediate as turn } from 'node:timers/promises';
import { isNameable } from '../../root/names.ts';
import type { OpenDirectory } from '../../root/root.ts';
import { isSettled } from '../../root/version.ts';
import { Gate } from '../../runtime/gate.ts';
import { Refusal } from '../../runtime/refusal.ts';

export interface Names {
  /** By UTF-16 code units; links stand where what they lead to belongs. */
  readonly directories: readonly string[];
  readonly files: readonly string[];
  /** There are more than are read. */
  readonly truncated: boolean;
  /** Entries that cannot be served; hidden ones are none of anybody's business. */
  readonly unserved: number;
}

/** Chosen: some 100 MB while they are read. */
const MAX_NAMES = 1_000_000;
/** Of all directories together. Chosen: some 25 MB. */
const MAX_KEPT_NAMES = 250_000;
/** Names a step: sorting so many takes about 2 ms. */
const STEP_NAMES = 4096;
/** Chosen. */
const READING_AT_ONCE = 2;

/** A reading that all who ask meanwhile share; it goes on while one of them is there. */
interface Running {
  readonly names: Promise<Names>;
  readonly askers: (AbortSignal | undefined)[];
}

interface Kept {
  readonly stamp: string;
  readonly names: Names;
}

export class DirectoryNames {
  /** By the place's names, in the order of last use. */
  readonly #kept = new Map<string, Kept>();
  #keptNames = 0;
  readonly #running = new Map<string, Running>();
  readonly #gate = new Gate(READING_AT_ONCE);

  /**
   * @param directory stays open meanwhile.
   * @param signal aborts when who asks is gone.
   * @throws Refusal, ERR_BUSY when all who asked are gone
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
    // Names that come within the same tick would not be told from these.
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

/** An empty directory takes room as well. */
function countOf({ directories, files }: Names): number {
  return directories.length + files.length + 1;
}

/** Seen by nobody, but by who asks at the very moment. */
function givenUp(): Refusal {
  return new Refusal('ERR_BUSY', 'the listing was given up; try again', { retryAfterMs: 1000 });
}

async function readNames(directory: OpenDirectory, checkWanted: () => void): Promise<Names> {
  checkWanted();
  const directories = new SortedNames();
  const files = new SortedNames();
  let count = 0;
  let unserved = 0;
  for await (const entries of directory.list()) {
    checkWanted();
    for (const { name, kind } of entries) {
      if (count++ === MAX_NAMES) break;
      if (kind === 'other' || !isNameable(name)) unserved++;
      else if (kind === 'directory') directories.add(name);
      else files.add(name);
    }
    if (count > MAX_NAMES) break;
  }
  return {
    directories: await directories.sorted(),
    files: await files.sorted(),
    truncated: count > MAX_NAMES,
    unserved,
  };
}

/** Names come in any order, in runs that are sorted at once and merged at the end. */
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
