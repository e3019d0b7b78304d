// The one line at the bottom of a terminal that is drawn over itself, and the lines that
// are printed above it. Elsewhere than on a terminal nothing is drawn: a pipe gets the
// printed lines alone.

import { isForeground } from './foreground.ts';

export interface TextOutput {
  readonly isTTY?: boolean;
  /** Characters in a line of the terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** What terminals have that do not say how wide they are. */
export const DEFAULT_COLUMNS = 80;

const ERASE = '\r\x1b[K';

export class LiveLine {
  readonly #out: TextOutput;
  /** Empty while nothing is drawn. */
  #drawn = '';

  constructor(out: TextOutput) {
    this.#out = out;
  }

  /** False where drawing does nothing. */
  get live(): boolean {
    return this.#out.isTTY === true;
  }

  /** Characters that fit: room stays for the ^C that terminals write behind it. */
  get width(): number {
    return (this.#out.columns || DEFAULT_COLUMNS) - 3;
  }

  /** Replaces the line; what does not fit is cut off. Empty text removes it. */
  draw(text: string): void {
    if (!this.live || (text === '' && this.#drawn === '')) return;
    // A shell's own lines come where it would be.
    if (text !== '' && this.#out === process.stderr && !isForeground()) return;
    this.#drawn = text;
    this.#out.write(ERASE + text.slice(0, this.width));
  }

  /** Prints lines above it. */
  print(text: string): void {
    const below = this.#drawn;
    this.draw('');
    this.#out.write(`${text}\n`);
    this.draw(below);
  }

  /** Leaves the line where it is: what follows comes below it. */
  keep(): void {
    const last = this.#drawn;
    this.draw('');
    if (last !== '') this.#out.write(`${last.slice(0, this.width)}\n`);
  }
}
