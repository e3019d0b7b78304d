// One exchange stream of an attacker. It says hello and offers grants as a complete peer would, but
// more of them, and counts the unanswered ones.
import { encodeMessage } from '../exchange/wire/codec.ts';
import type { Message } from '../exchange/wire/message.ts';
import type { FrameStream } from '../peer/node/stream.ts';

/** Unanswered grants at once: many more than an honest uplink has room for. Chosen. */
const EAGER_GRANTS = 16;

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

  /** Offers grants until as many as allowed are unanswered. */
  offerGrants(): void {
    while (this.#unanswered < EAGER_GRANTS) this.#offer();
  }

  /** The neighbour bound a grant: offer it another at once. */
  handleTaken(): void {
    this.#unanswered--;
    this.#offer();
  }

  /** The neighbour declined: another grant before it is interested would be a flood. */
  handleDeclined(): void {
    this.#unanswered--;
  }

  #offer(): void {
    this.#unanswered++;
    this.say({ type: 'grant', grant: this.#nextGrant++, hints: [] });
  }
}
