// Which neighbours pass on what we gave them. A complete peer gets nothing back. Still it can
// see who serves others: a piece that it gave to one neighbour only appears at another
// neighbour. (Super-seeding, BEP 16, waits for the same sign.)
import type { Neighbour } from './neighbour/neighbour.ts';

export class Spread {
  /** Pieces that only one neighbour is known to have, and that it has from us. */
  readonly #soleHolders = new Map<number, Neighbour>();

  /** A neighbour has the piece from us; `copies` neighbours have it or are getting it. */
  noteGiven(piece: number, neighbour: Neighbour, copies: number): void {
    if (copies === 1) this.#soleHolders.set(piece, neighbour);
    else this.#soleHolders.delete(piece);
  }

  /** Another neighbour has the piece, not from us. Returns the neighbour that passed it on. */
  takeSource(piece: number): Neighbour | undefined {
    const source = this.#soleHolders.get(piece);
    this.#soleHolders.delete(piece);
    return source;
  }

  forget(neighbour: Neighbour): void {
    for (const [piece, holder] of this.#soleHolders) {
      if (holder === neighbour) this.#soleHolders.delete(piece);
    }
  }
}
