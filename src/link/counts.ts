// Turns a link's counters into `link_counted` events: soon enough that a fault can
// be triggered by bytes sent, and seldom enough that it costs nothing.

import { guarded } from '../runtime/guarded.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Link } from './link.ts';

/** How old a count may get: 1 % of a file that takes its link a second. */
const WITHIN_MS = 10;

export class CountReporter {
  readonly #emit: Emit;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** For LinkOptions.onCount. */
  readonly note = (link: Link): void => {
    this.#timer ??= setTimeout(
      guarded('counting bytes', () => this.close(link)),
      WITHIN_MS,
    );
  };

  /** Reports what the link has counted in the end. */
  close({ sentBytes, receivedBytes }: Link): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#emit({ event: 'link_counted', sentBytes, receivedBytes });
  }
}
