// The progress of one process, counted while its events arrive, so that a script's
// triggers cost nothing however many events there were.
import type { Stamped } from '../../telemetry/event.ts';

export class Tally {
  sentBytes = 0;
  verifiedBytes = 0;
  /** Numbers of those that it verified itself. */
  readonly pieces = new Set<number>();
  lastVerifiedAt = 0;
  completed = false;
  #seen = 0;

  /** Takes in what came since the last call. */
  read(events: readonly Stamped[]): void {
    for (; this.#seen < events.length; this.#seen++) this.#take(events[this.#seen]!);
  }

  #take(event: Stamped): void {
    switch (event.event) {
      case 'piece_verified':
        this.pieces.add(event.piece);
        this.verifiedBytes += event.bytes;
        this.lastVerifiedAt = event.t;
        return;
      case 'transfer_started':
        this.verifiedBytes += event.resumedBytes;
        return;
      case 'link_counted':
        this.sentBytes = event.sentBytes;
        return;
      case 'transfer_completed':
        this.completed = true;
        return;
    }
  }
}
