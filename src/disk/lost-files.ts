// The files of a store that are lost, and when each is looked for again. Files that are seldom found
// must not keep the disk busy, and one that comes and goes must not fill the user's screen.
import type { Loss } from '../content/store.ts';

export interface LostFile {
  readonly loss: Loss;
  /** The piece that could not be read: the file is back when it can. */
  readonly piece: number;
}

/** Files looked for in vain, after which one look ends: each takes some system calls. Chosen. */
const MOST_IN_VAIN = 64;
/** Returns of a file after which it is left alone for ever longer. Chosen. */
const FREE_RETURNS = 3;
/** Most looks for which a file is left alone. Chosen. */
const MOST_RESTS = 64;

export class LostFiles {
  /** By index of the file; the one that was not looked for longest is the first. */
  readonly #files = new Map<number, LostFile>();
  /** How often each file came back. */
  readonly #returns = new Map<number, number>();
  /** Looks for which each file is still left alone. */
  readonly #rests = new Map<number, number>();

  get losses(): Loss[] {
    return [...this.#files.values()].map(({ loss }) => loss);
  }

  get(file: number): LostFile | undefined {
    return this.#files.get(file);
  }

  set(file: number, lost: LostFile): void {
    this.#files.set(file, lost);
  }

  /** Looks for some files. Resolves to those that are back: they are lost no more. */
  async seek(isBack: (file: number, lost: LostFile) => Promise<boolean>): Promise<LostFile[]> {
    const back: LostFile[] = [];
    let inVain = 0;
    for (const [file, lost] of [...this.#files]) {
      if (inVain === MOST_IN_VAIN) break;
      if (this.#rest(file)) continue;
      this.#files.delete(file);
      this.#files.set(file, lost);
      if (await isBack(file, lost)) back.push(this.#remove(file));
      else inVain++;
    }
    return back;
  }

  /** Whether the file is left alone at this look. */
  #rest(file: number): boolean {
    const left = this.#rests.get(file) ?? 0;
    if (left > 0) this.#rests.set(file, left - 1);
    return left > 0;
  }

  #remove(file: number): LostFile {
    const lost = this.#files.get(file)!;
    this.#files.delete(file);
    const returns = (this.#returns.get(file) ?? 0) + 1;
    this.#returns.set(file, returns);
    if (returns > FREE_RETURNS)
      this.#rests.set(file, Math.min(MOST_RESTS, 2 ** (returns - FREE_RETURNS)));
    return lost;
  }
}
