// What a person reads of lost files: the first few each, and then their number, ever more seldom. A disk
// that is unmounted loses twenty thousand at once.
import type { Cancel, Timers } from '../runtime/clock.ts';

/** Files that are named. Chosen: what is read at a glance. */
const MOST_NAMED = 8;
/** Time until the first number, and most time between two. Chosen. */
const FIRST_MS = 2000;
const MOST_MS = 60_000;

export class LossLines {
  readonly #clock: Timers;
  readonly #tell: (line: string) => void;
  #named = 0;
  #unnamed = 0;
  /** Whether a file was lost since the last number. */
  #isLosing = false;
  #waitMs = FIRST_MS;
  #cancel: Cancel | undefined;

  constructor(clock: Timers, tell: (line: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  handleLoss(message: string): void {
    this.#isLosing = true;
    if (this.#named < MOST_NAMED) {
      this.#named++;
      this.#tell(`served no more: ${message}`);
    } else this.#unnamed++;
    if (this.#cancel === undefined) this.#wait();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#count();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#waitMs, 'counting lost files', () => this.#look());
  }

  #look(): void {
    this.#cancel = undefined;
    this.#count();
    if (!this.#isLosing) {
      this.#named = 0;
      this.#waitMs = FIRST_MS;
      return;
    }
    this.#isLosing = false;
    this.#waitMs = Math.min(2 * this.#waitMs, MOST_MS);
    this.#wait();
  }

  #count(): void {
    const more = this.#unnamed;
    this.#unnamed = 0;
    if (more > 0) this.#tell(`served no more: ${more} more ${more === 1 ? 'file' : 'files'}`);
  }
}
