// Entries that are left out of what is shared or named: each is told at once, and at the end they
// make the command fail, so that no script takes the rest for the whole.
import { HubswarmError } from '../../runtime/errors.ts';

export class LeftOut {
  count = 0;
  #first = '';

  readonly note = (_path: string, message: string): void => {
    if (this.count++ === 0) this.#first = message;
  };

  /** @throws HubswarmError ERR_INCOMPLETE if there are some */
  check(): void {
    if (this.count === 0) return;
    const what = this.count === 1 ? 'one entry was' : `${this.count} entries were`;
    throw new HubswarmError('ERR_INCOMPLETE', `${what} left out: ${this.#first}`);
  }
}
