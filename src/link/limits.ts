// Turns changes of a link's caps into `link_limited` events.
import type { Emit } from '../telemetry/event.ts';
import type { Link } from './link.ts';

/** A rate found by `--uplink auto` is reported when it has changed by this share. Chosen. */
const MOVED_SHARE = 0.1;

export class LimitReporter {
  readonly #emit: Emit;
  #uplink = Number.NaN;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Reports the present caps. */
  report(link: Link, auto = false): void {
    this.#uplink = link.uplinkBytesPerSecond;
    this.#emit({
      event: 'link_limited',
      uplinkBytesPerSecond: capOf(link.uplinkBytesPerSecond),
      downlinkBytesPerSecond: capOf(link.downlinkBytesPerSecond),
      auto,
    });
  }

  /** Reports a rate found by `--uplink auto`, if it has changed enough. */
  noteFound(link: Link): void {
    const moved = Math.abs(link.uplinkBytesPerSecond / this.#uplink - 1);
    if (!(moved < MOVED_SHARE)) this.report(link, true);
  }
}

/** JSON has no Infinity. */
const capOf = (bytesPerSecond: number): number | null =>
  Number.isFinite(bytesPerSecond) ? bytesPerSecond : null;
