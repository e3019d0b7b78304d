// A neighbour of a swarm on this side of its stream: what waits to be read by the session
// and to be sent, and what came of the call.
import { FrameDecoder } from '../exchange/codec.ts';
import type { Message } from '../exchange/message.ts';
import type { FrameStream } from './stream.ts';

/** An open exchange stream. */
export interface Call {
  readonly stream: FrameStream;
  /** Whether this side opened it. */
  readonly outbound: boolean;
  /** With what was read from it so far; a new one when nothing was. */
  readonly decoder?: FrameDecoder;
  /** Told once when the swarm is done with it, and whether a piece was passed on by it. */
  readonly onOver?: (useful: boolean) => void;
}

export class Member {
  readonly stream: FrameStream;
  readonly outbound: boolean;
  readonly decoder: FrameDecoder;
  readonly joinedAt: number;
  /** Messages that wait for the downlink, in order, and what their blocks take. */
  readonly waiting: Message[] = [];
  waitingBytes = 0;
  /** Frames of this turn of the event loop: sent as one. */
  readonly unsent: Uint8Array[] = [];
  /** It said hello. */
  met = false;
  /** A piece was passed on, in either direction. */
  useful = false;
  readonly #onOver: ((useful: boolean) => void) | undefined;

  constructor({ stream, outbound, decoder, onOver }: Call, joinedAt: number) {
    this.joinedAt = joinedAt;
    this.stream = stream;
    this.outbound = outbound;
    this.decoder = decoder ?? new FrameDecoder();
    this.#onOver = onOver;
  }

  /** The swarm is done with it. */
  end(): void {
    this.#onOver?.(this.useful);
  }
}
