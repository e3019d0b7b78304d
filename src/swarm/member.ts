// A neighbour as this side of its stream sees it: the bytes that came, the messages to be sent, and
// whether the call was useful.
import type { NeighbourKind } from '../exchange/neighbour/neighbour.ts';
import type { FrameDecoder } from '../exchange/wire/codec.ts';
import type { Intake } from './intake.ts';
import type { Wire } from './wire.ts';

/** An open exchange stream. */
export interface Call {
  readonly wire: Wire;
  /** Whether this side opened it. */
  readonly outbound: boolean;
  /** Decoder with the bytes read from it so far; a new one if left out. */
  readonly decoder?: FrameDecoder;
  /** Called once when the swarm has ended the call: whether a piece was passed on. */
  readonly onOver?: (useful: boolean) => void;
}

export class Member {
  readonly wire: Wire;
  readonly outbound: boolean;
  readonly intake: Intake;
  readonly joinedAt: number;
  /** Frames of this round of the event loop, which are sent together. */
  readonly unsent: Uint8Array[] = [];
  /** Whether it said hello. */
  met = false;
  /** Whether a piece was passed on, in either direction. */
  useful = false;
  readonly #onOver: ((useful: boolean) => void) | undefined;

  constructor({ wire, outbound, onOver }: Call, intake: Intake, joinedAt: number) {
    this.wire = wire;
    this.outbound = outbound;
    this.intake = intake;
    this.joinedAt = joinedAt;
    this.#onOver = onOver;
  }

  /** What the session is told of the remote. */
  get kind(): NeighbourKind {
    const { withdraws = false, webSeed } = this.wire;
    return { withdraws, webSeed };
  }

  /** Ends the call for the swarm. */
  end(): void {
    this.intake.stop();
    this.#onOver?.(this.useful);
  }
}
