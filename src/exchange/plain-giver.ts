// The giving side of the exchange for a source that has every piece and no interest of its own: it
// offers grants to whoever is interested, whatever others have. What carries the bytes (HTTP, or a
// simulated line) is told which pieces to send. Knows no clock, and decides nothing about rates.
import { Bitfield } from '../content/bitfield.ts';
import type { Message } from './wire/message.ts';

export interface PlainGiverInit {
  /** The root CID's bytes. */
  readonly file: Uint8Array;
  readonly pieceCount: number;
  /** Most grants that are open at once. */
  readonly most: number;
  /** Sends a message to the receiver. */
  readonly say: (message: Message) => void;
  /** Called when a piece is to be sent. */
  readonly onRequest: (piece: number) => void;
  /** Called when a piece, sent in part or not at all, is not wanted any more. */
  readonly onCancel: (piece: number) => void;
}

export class PlainGiver {
  readonly #init: PlainGiverInit;
  #interested = false;
  #nextGrant = 0;
  readonly #offered = new Set<number>();
  /** Pieces that were requested and not acknowledged. */
  readonly #bound = new Set<number>();

  constructor(init: PlainGiverInit) {
    this.#init = init;
  }

  /** Handles a message of the receiver. */
  handle(message: Message): void {
    switch (message.type) {
      case 'hello':
        return this.#answerHello();
      case 'interest':
        this.#interested = message.interested;
        break;
      case 'request':
        if (!this.#offered.delete(message.grant)) return;
        this.#bound.add(message.piece);
        this.#init.onRequest(message.piece);
        break;
      case 'decline':
        this.#offered.delete(message.grant);
        this.#interested = false;
        break;
      case 'have':
        for (const piece of message.pieces) this.#bound.delete(piece);
        break;
      case 'cancel':
        if (this.#bound.delete(message.piece)) this.#init.onCancel(message.piece);
        break;
      default:
        return;
    }
    this.#offer();
  }

  #answerHello(): void {
    const { file, pieceCount, say } = this.#init;
    const bitfield = Bitfield.full(pieceCount).toBytes();
    say({ type: 'hello', file, pieceCount, addresses: [], bitfield });
  }

  #offer(): void {
    const { most, say } = this.#init;
    while (this.#interested && this.#offered.size + this.#bound.size < most) {
      const grant = this.#nextGrant++;
      this.#offered.add(grant);
      say({ type: 'grant', grant, hints: [] });
    }
  }
}
