// What a person reads of lost files, where they were shared and where they are fetched: the first few
// each, and then their number, ever more seldom. A disk that is unmounted loses twenty thousand at once.
import type { Cancel, Timers } from '../runtime/clock.ts';

/** Files that are named. Chosen: what is read at a glance. */
const MOST_NAMED = 8;
/** Time until the first number, and most time between two. Chosen. */
const FIRST_MS = 2000;
const MOST_MS = 60_000;

export interface LossTeller<T> {
  /** One file. */
  name(loss: T): void;
  /** Files that were not named. */
  count(words: string): void;
}

export class LossLines<T> {
  readonly #clock: Timers;
  readonly #teller: LossTeller<T>;
  #named = 0;
  #unnamed = 0;
  /** Whether a file was lost since the last number. */
  #isLosing = false;
  #waitMs = FIRST_MS;
  #cancel: Cancel | undefined;

  constructor(clock: Timers, teller: LossTeller<T>) {
    this.#clock = clock;
    this.#teller = teller;
  }

  handleLoss(loss: T): void {
    this.#isLosing = true;
    if (this.#named < MOST_NAMED) {
      this.#named++;
      this.#teller.name(loss);
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
    if (more > 0) this.#teller.count(`${more} more ${more === 1 ? 'file' : 'files'}`);
  }
}
