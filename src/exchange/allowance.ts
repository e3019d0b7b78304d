// How much one neighbour may say. Each message costs this peer time, so each costs
// the neighbour some of an allowance that time fills up again; what passes pieces on
// pays for itself, or fast neighbours with small pieces would be taken for a flood.
import type { Message } from './message.ts';

/**
 * What a neighbour may say in a second beside passing pieces on: haves of pieces from
 * elsewhere, a few hundred a second in a busy swarm. At some 10 us for each it stays
 * under a twentieth of a core. Chosen.
 */
const PER_SECOND = 4096;
/** What may come at once, after this peer was held up for seconds. Chosen. */
const MOST = 16_384;
/** The messages of one piece: grant and block, or request, have and two interests. */
const PER_PIECE = 4;
/** A have tells of up to 4096 pieces: so many cost as much as one message. */
const PIECES_PER_UNIT = 16;
/** Each address is parsed and remembered. */
const UNITS_PER_ADDRESS = 8;

export class Allowance {
  #left = MOST;
  #at = Number.NEGATIVE_INFINITY;

  /** False when the neighbour has said too much. */
  spend(message: Message, now: number): boolean {
    const since = Math.max(0, now - this.#at);
    this.#at = now;
    this.#left = Math.min(MOST, this.#left + (since * PER_SECOND) / 1000) - costOf(message);
    return this.#left >= 0;
  }

  /** A piece was passed on, in either direction. */
  earnPiece(): void {
    this.#left = Math.min(MOST, this.#left + PER_PIECE);
  }
}

function costOf(message: Message): number {
  switch (message.type) {
    case 'have':
      return 1 + message.pieces.length / PIECES_PER_UNIT;
    case 'peers':
      return UNITS_PER_ADDRESS * message.addresses.length;
    default:
      return 1;
  }
}
