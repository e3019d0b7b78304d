// One exchange stream as an attacker holds it: says hello and offers turns as a peer
// with everything would, only more of them, and remembers which were not answered.
import { encodeMessage } from '../exchange/codec.ts';
import type { Message } from '../exchange/message.ts';
import type { FrameStream } from '../peer/stream.ts';

/** Offers that wait for an answer: many more than an honest uplink has room for. Chosen. */
const EAGER_TURNS = 16;

export class Line {
  readonly stream: FrameStream;
  /** Whether the neighbour has said hello, and whether it lacked a piece then. */
  isMet = false;
  isPrey = false;
  #nextGrant = 0;
  #unanswered = 0;

  constructor(stream: FrameStream) {
    this.stream = stream;
  }

  get remote(): string {
    return this.stream.remote;
  }

  say(message: Message): void {
    this.stream.send(encodeMessage(message));
  }

  /** As many turns as may wait for an answer. */
  offerTurns(): void {
    while (this.#unanswered < EAGER_TURNS) this.#offer();
  }

  /** The neighbour took a turn: it is offered another at once. */
  handleTaken(): void {
    this.#unanswered--;
    this.#offer();
  }

  /** It wants none for now: offering again before it does would be a flood. */
  handleDeclined(): void {
    this.#unanswered--;
  }

  #offer(): void {
    this.#unanswered++;
    this.say({ type: 'grant', grant: this.#nextGrant++, hints: [] });
  }
}
