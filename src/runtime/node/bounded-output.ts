// Lines for a reader of a pipe that may stop reading without leaving, or for a file on a disk that
// may be full. Unread lines stay in memory up to a bound. Lines beyond it, and those that the disk
// does not take, are lost and counted; the next line that is taken follows their number.
import { guarded } from '../guarded.ts';
import type { TextOutput } from './live-line.ts';

/** Most bytes that wait for a reader. Chosen: some ten thousand events. */
const MAX_WAITING_BYTES = 8 * 2 ** 20;

interface Out extends TextOutput {
  readonly writableLength: number;
  write(text: string, written?: (error?: unknown) => void): unknown;
}

export class BoundedOutput implements TextOutput {
  readonly #out: Out;
  readonly #tellLost: (message: string) => string;
  #lost = 0;
  /** Why the last of them are. */
  #why = '';

  /** @param tellLost makes the line that reports lost lines, with its line end */
  constructor(out: Out, tellLost: (message: string) => string) {
    this.#out = out;
    this.#tellLost = tellLost;
  }

  get isTTY(): boolean {
    return this.#out.isTTY === true;
  }

  get columns(): number {
    return this.#out.columns ?? 0;
  }

  write(text: string): void {
    const lines = text.split('\n').length - 1;
    if (this.#out.writableLength >= MAX_WAITING_BYTES) {
      this.#lose(lines, 'nobody read them in time');
      return;
    }
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#send(this.#tellLost(`${lost} lines are lost: ${this.#why}`), lost);
    this.#send(text, lines);
  }

  #lose(lines: number, why: string): void {
    this.#lost += lines;
    this.#why = why;
  }

  #send(text: string, lines: number): void {
    const written = guarded('counting lost lines', (error?: unknown) => {
      if (error) this.#lose(lines, 'they could not be written');
    });
    this.#out.write(text, written);
  }
}
