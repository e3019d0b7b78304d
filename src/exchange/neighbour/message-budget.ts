// The message budget of one neighbour, against floods. Each message costs this peer time, so
// it costs the neighbour some of its budget; time fills the budget up again. Each piece that
// is passed on earns what its messages cost: otherwise a fast neighbour with small pieces
// would be taken for a flood.
import type { Message } from '../wire/message.ts';

/**
 * Units per second. A neighbour needs them for haves of pieces from elsewhere: a few hundred
 * a second in a busy swarm. At some 10 us for each unit, a flood stays under a twentieth of
 * a core. Chosen.
 */
const PER_SECOND = 4096;
/** Most units saved up: messages come at once after this peer was held up for seconds. Chosen. */
const MOST = 16_384;
/** Units earned by a piece: its grant and block, or its request, have and two interests. */
const PER_PIECE = 4;
/** A have names up to 4096 pieces; 16 of them cost one unit. */
const PIECES_PER_UNIT = 16;
/** A withdraw names a range; each piece of it is at least looked at. */
const LOOKS_PER_UNIT = 256;
/** Cost of an address: it is parsed and remembered. */
const UNITS_PER_ADDRESS = 8;

export class MessageBudget {
  #left = MOST;
  #at = Number.NEGATIVE_INFINITY;

  /** Takes the message's cost. Returns false if the budget is used up. */
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
    case 'withdraw':
      return 1 + message.count / LOOKS_PER_UNIT;
    case 'peers':
      return UNITS_PER_ADDRESS * message.addresses.length;
    default:
      return 1;
  }
}
