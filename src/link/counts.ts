// Turns a link's counters into `link_counted` events: soon enough that a fault can
// be triggered by bytes sent, and seldom enough that it costs nothing.

import { guarded } from '../runtime/guarded.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Link } from './link.ts';

/** Age of a count at most: 1 % of a file that takes the link one second. */
const WITHIN_MS = 10;

export class CountReporter {
  readonly #emit: Emit;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** To be given as LinkOptions.onCount. */
  readonly note = (link: Link): void => {
    this.#timer ??= setTimeout(
      guarded('counting bytes', () => this.close(link)),
      WITHIN_MS,
    );
  };

  /** Reports the final counts. */
  close({ sentBytes, receivedBytes }: Link): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#emit({ event: 'link_counted', sentBytes, receivedBytes });
  }
}
