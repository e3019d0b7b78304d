// Limits how many bytes the root may hold. It counts the sizes of files that lie there. It counts
// uploads under way as well, in full from their first byte on: otherwise uploads that each have
// room could pass the quota together. Bytes that others put into the root are counted at the next
// start. Each process counts for itself: each of several hubs over a root keeps to the quota by
// what it knows. An upload that stands still counts for what came of it.
import prettyBytes from 'pretty-bytes';
import { Refusal } from '../../runtime/refusal.ts';

/** An upload's share of the quota, until it is published or given up. */
export interface Reservation {
  /** Raises the share to at least so many bytes. @throws Refusal ERR_QUOTA */
  cover(bytes: number): void;
  /** Lowers the share to at most so many bytes. */
  shrink(bytes: number): void;
  release(): void;
}

export class Quota {
  readonly #limitBytes: number;
  #storedBytes: number;
  #reservedBytes = 0;

  /** @param limitBytes Infinity for none */
  constructor(limitBytes: number, storedBytes: number) {
    this.#limitBytes = limitBytes;
    this.#storedBytes = storedBytes;
  }

  get limited(): boolean {
    return this.#limitBytes !== Number.POSITIVE_INFINITY;
  }

  /** Bytes stored and reserved. */
  get usedBytes(): number {
    return this.#storedBytes + this.#reservedBytes;
  }

  /** @throws Refusal ERR_QUOTA */
  reserve(bytes: number): Reservation {
    let held = 0;
    let released = false;
    const reservation: Reservation = {
      cover: (atLeast) => {
        const more = atLeast - held;
        if (released || more <= 0) return;
        if (this.usedBytes + more > this.#limitBytes) throw this.#exceeded();
        held += more;
        this.#reservedBytes += more;
      },
      shrink: (atMost) => {
        const less = held - atMost;
        if (released || less <= 0) return;
        held -= less;
        this.#reservedBytes -= less;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#reservedBytes -= held;
      },
    };
    reservation.cover(bytes);
    return reservation;
  }

  /** Counts a file that was published or removed: `bytes` more, or less if negative. */
  handleChange(bytes: number): void {
    this.#storedBytes = Math.max(0, this.#storedBytes + bytes);
  }

  #exceeded(): Refusal {
    const limit = prettyBytes(this.#limitBytes, { binary: true });
    return new Refusal('ERR_QUOTA', `no room: this server holds at most ${limit} (its quota)`);
  }
}
