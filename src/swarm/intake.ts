// Decodes what a neighbour sends, and hands it to the session in order, each block when the
// downlink has let it through. Waiting messages are bounded.
import type { FrameDecoder } from '../exchange/wire/codec.ts';
import type { Message } from '../exchange/wire/message.ts';
import type { Link } from '../link/link.ts';
import { guarded } from '../runtime/guarded.ts';

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
  /** Nothing is promised for messages that need not wait: most of them come one by one. */
  readonly #drain: () => void;
  #waitingBytes = 0;
  #stopped = false;

  constructor(init: IntakeInit) {
    this.#init = init;
    this.#drain = guarded('taking messages', () => this.#handOn(), init.onFailed);
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
    const { onViolation, mostWaitingBytes } = this.#init;
    if (idle) this.#drain();
    if (this.#stopped) return;
    if (this.#waitingBytes <= mostWaitingBytes() && this.#waiting.length <= MOST_WAITING) return;
    onViolation('sends more than was asked for');
  }

  /** Hands on no further message. */
  stop(): void {
    this.#stopped = true;
  }

  /** Returns a promise when the rest waits for the downlink. */
  #handOn(): Promise<void> | undefined {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const wait = next.type === 'block' ? this.#init.link.receive(next.length) : undefined;
      if (wait !== undefined) return this.#handOnAfter(wait);
      if (!this.#handOnFirst()) return undefined;
    }
    return undefined;
  }

  async #handOnAfter(wait: Promise<void>): Promise<void> {
    await wait;
    if (this.#handOnFirst()) await this.#handOn();
  }

  /** False when no message is handed on any more. */
  #handOnFirst(): boolean {
    const [message] = this.#waiting;
    if (this.#stopped || !message) return false;
    if (message.type === 'block') this.#waitingBytes -= message.length;
    this.#init.onMessage(message);
    this.#waiting.shift();
    return true;
  }
}
