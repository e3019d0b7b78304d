// A neighbour of a swarm on this side of its stream: what it sent and what it is to be
// sent, and what came of the call.
import type { FrameDecoder } from '../exchange/wire/codec.ts';
import type { Intake } from './intake.ts';
import type { Wire } from './wire.ts';

/** An open exchange stream. */
export interface Call {
  readonly wire: Wire;
  /** Whether this side opened it. */
  readonly outbound: boolean;
  /** With what was read from it so far; a new one when nothing was. */
  readonly decoder?: FrameDecoder;
  /** Told once when the swarm is done with it, and whether a piece was passed on by it. */
  readonly onOver?: (useful: boolean) => void;
}

export class Member {
  readonly wire: Wire;
  readonly outbound: boolean;
  readonly intake: Intake;
  readonly joinedAt: number;
  /** Frames of this turn of the event loop: sent as one. */
  readonly unsent: Uint8Array[] = [];
  /** It said hello. */
  met = false;
  /** A piece was passed on, in either direction. */
  useful = false;
  readonly #onOver: ((useful: boolean) => void) | undefined;

  constructor({ wire, outbound, onOver }: Call, intake: Intake, joinedAt: number) {
    this.wire = wire;
    this.outbound = outbound;
    this.intake = intake;
    this.joinedAt = joinedAt;
    this.#onOver = onOver;
  }

  /** The swarm is done with it. */
  end(): void {
    this.intake.stop();
    this.#onOver?.(this.useful);
  }
}
