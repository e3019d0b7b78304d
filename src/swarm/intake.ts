// Decodes what a neighbour sends, and hands it to the session in order, each block when the
// downlink has let it through. Waiting messages are bounded.
import type { FrameDecoder } from '../exchange/wire/codec.ts';
import type { Message } from '../exchange/wire/message.ts';
import type { Link } from '../link/link.ts';
import { unawaited } from '../runtime/guarded.ts';

/** Most messages that wait behind blocks for the downlink. Chosen. */
const MOST_WAITING = 16_384;

export interface IntakeInit {
  readonly link: Link;
  /** Decoder with the bytes that were read from the stream so far. */
  readonly decoder: FrameDecoder;
  /** Most bytes of blocks that may wait for the downlink. */
  mostWaitingBytes(): number;
  onMessage(message: Message): void;
  onViolation(reason: string): void;
  /** Called when handling a message failed: the stream is of no use any more. */
  onFailed(error: unknown): void;
}

export class Intake {
  readonly #init: IntakeInit;
  readonly #waiting: Message[] = [];
  #waitingBytes = 0;
  #stopped = false;

  constructor(init: IntakeInit) {
    this.#init = init;
  }

  /** Takes a chunk. */
  read(chunk: Uint8Array): void {
    const { messages, violation } = this.#init.decoder.push(chunk);
    this.take(messages);
    if (violation !== undefined && !this.#stopped) this.#init.onViolation(violation);
  }

  /** Takes messages that are decoded already. */
  take(messages: readonly Message[]): void {
    const idle = this.#waiting.length === 0;
    for (const message of messages) {
      this.#waiting.push(message);
      if (message.type === 'block') this.#waitingBytes += message.length;
    }
    const { onFailed, onViolation, mostWaitingBytes } = this.#init;
    if (idle) unawaited('taking messages', this.#drain(), onFailed);
    if (this.#stopped) return;
    if (this.#waitingBytes <= mostWaitingBytes() && this.#waiting.length <= MOST_WAITING) return;
    onViolation('sends more than was asked for');
  }

  /** Hands on no further message. */
  stop(): void {
    this.#stopped = true;
  }

  async #drain(): Promise<void> {
    const { link, onMessage } = this.#init;
    while (this.#waiting.length > 0) {
      const message = this.#waiting[0]!;
      if (message.type === 'block') {
        const wait = link.receive(message.length);
        if (wait !== undefined) await wait;
        this.#waitingBytes -= message.length;
      }
      if (this.#stopped) return;
      onMessage(message);
      this.#waiting.shift();
    }
  }
}
