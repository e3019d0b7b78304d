// Which pieces are missing, and which of them are wanted: what a picker chooses from.
import type { PickView } from './picker.ts';
import { PieceRanking } from './ranking.ts';
import type { SwarmState } from './state.ts';

export class Wanted implements PickView {
  readonly missing: PieceRanking;
  readonly #state: SwarmState;
  readonly #wanted: Uint8Array;
  #count: number;
  #firstMissing = 0;

  /** Every missing piece is wanted. */
  constructor(state: SwarmState) {
    this.#state = state;
    const { pieceCount } = state.geometry;
    this.missing = new PieceRanking(pieceCount, state.rng);
    this.#wanted = new Uint8Array(pieceCount).fill(1);
    for (const piece of state.have) {
      this.missing.remove(piece);
      this.#wanted[piece] = 0;
    }
    this.#count = this.missing.size;
  }

  get pieceCount(): number {
    return this.#wanted.length;
  }

  get rng(): SwarmState['rng'] {
    return this.#state.rng;
  }

  /** No piece below it is missing. */
  get firstMissing(): number {
    const { have } = this.#state;
    while (this.#firstMissing < have.length && have.has(this.#firstMissing)) this.#firstMissing++;
    return this.#firstMissing;
  }

  /** How many pieces are wanted. */
  get count(): number {
    return this.#count;
  }

  isWanted(piece: number): boolean {
    return this.#wanted[piece] === 1;
  }

  /** Returns whether that changed anything. */
  set(piece: number, wanted: boolean): boolean {
    if (this.isWanted(piece) === wanted) return false;
    this.#wanted[piece] = wanted ? 1 : 0;
    this.#count += wanted ? 1 : -1;
    return true;
  }
}
