// Who passes on what it was given. A peer that has everything gets nothing back, and
// sees all the same who serves others: a piece that we gave to one neighbour alone
// turns up at another one. (Super-seeding, BEP 16, waits for the same sign.)
import type { Neighbour } from './neighbour.ts';

export class Spread {
  /** Pieces that one neighbour has from us, and no other has, as far as one knows. */
  readonly #soleHolders = new Map<number, Neighbour>();

  /** A neighbour has the piece from us, and as many neighbours have or are getting it. */
  noteGiven(piece: number, neighbour: Neighbour, copies: number): void {
    if (copies === 1) this.#soleHolders.set(piece, neighbour);
    else this.#soleHolders.delete(piece);
  }

  /** Somebody has the piece from elsewhere: returns who must have passed it on. */
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
