// Turns changes of a link's caps into `link_limited` events.
import type { Emit } from '../telemetry/event.ts';
import type { Link } from './link.ts';

/** A rate that follows the uplink is reported when it has moved by this share. Chosen. */
const MOVED_SHARE = 0.1;

export class LimitReporter {
  readonly #emit: Emit;
  #uplink = Number.NaN;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Reports the caps that hold now. */
  report(link: Link, auto = false): void {
    this.#uplink = link.uplinkBytesPerSecond;
    this.#emit({
      event: 'link_limited',
      uplinkBytesPerSecond: capOf(link.uplinkBytesPerSecond),
      downlinkBytesPerSecond: capOf(link.downlinkBytesPerSecond),
      auto,
    });
  }

  /** For a rate that was not commanded but found. */
  noteFound(link: Link): void {
    const moved = Math.abs(link.uplinkBytesPerSecond / this.#uplink - 1);
    if (!(moved < MOVED_SHARE)) this.report(link, true);
  }
}

/** JSON has no Infinity. */
const capOf = (bytesPerSecond: number): number | null =>
  Number.isFinite(bytesPerSecond) ? bytesPerSecond : null;
