// Lines for a reader of a pipe that may stop reading without leaving. Unread lines stay in memory
// up to a bound. Lines beyond it are lost and counted, and the reader is told when it goes on.
import type { TextOutput } from './live-line.ts';

/** Most bytes that wait for a reader. Chosen: some ten thousand events. */
const MAX_WAITING_BYTES = 8 * 2 ** 20;

type Out = TextOutput & { readonly writableLength: number };

export class BoundedOutput implements TextOutput {
  readonly #out: Out;
  readonly #tellLost: (message: string) => string;
  #lost = 0;

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
    if (this.#out.writableLength >= MAX_WAITING_BYTES) {
      this.#lost += text.split('\n').length - 1;
      return;
    }
    if (this.#lost > 0) {
      this.#out.write(this.#tellLost(`${this.#lost} lines are lost: nobody read them in time`));
      this.#lost = 0;
    }
    this.#out.write(text);
  }
}
