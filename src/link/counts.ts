// Turns a link's counters into `link_counted` events: soon enough that a fault can
// be triggered by bytes sent, and seldom enough that it costs nothing.

import { type Cancel, systemClock } from '../runtime/clock.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Link } from './link.ts';

/** Age of a count at most: 5 % of a file that takes the link one second. Each is an event. */
const WITHIN_MS = 50;

export class CountReporter {
  readonly #emit: Emit;
  #cancel: Cancel | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** To be given as LinkOptions.onCount. */
  readonly note = (link: Link): void => {
    this.#cancel ??= systemClock.after(WITHIN_MS, 'counting bytes', () => this.close(link));
  };

  /** Reports the final counts. */
  close({ sentBytes, receivedBytes }: Link): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#emit({ event: 'link_counted', sentBytes, receivedBytes });
  }
}
