// The session of a simulated web seed: it gives any piece to whoever asks (exchange/plain-giver.ts).
import type { SessionEffect } from '../exchange/effect.ts';
import type { SessionEvent } from '../exchange/event.ts';
import { PlainGiver } from '../exchange/plain-giver.ts';
import { Session } from '../exchange/session.ts';
import type { SessionInit } from '../exchange/session-init.ts';

/** Pieces granted to each neighbour at once: those of hybrid/source/http-wire.ts, of 256 KiB. */
const MOST_GRANTS = 16;

export class PlainSession extends Session {
  readonly #givers = new Map<string, PlainGiver>();
  readonly #file: Uint8Array;
  readonly #pieceCount: number;
  #effects: SessionEffect[] = [];

  constructor(init: SessionInit) {
    super(init);
    this.#file = init.file;
    this.#pieceCount = init.geometry.pieceCount;
  }

  override step(_now: number, event: SessionEvent): SessionEffect[] {
    if (event.type === 'neighbour_joined') this.#join(event.neighbour);
    if (event.type === 'neighbour_left') this.#givers.delete(event.neighbour);
    if (event.type === 'message') this.#givers.get(event.neighbour)?.handle(event.message);
    return this.#effects.splice(0);
  }

  #join(neighbour: string): void {
    const giver = new PlainGiver({
      file: this.#file,
      pieceCount: this.#pieceCount,
      most: MOST_GRANTS,
      say: (message) => this.#effects.push({ type: 'send', neighbour, message }),
      onRequest: (piece) => this.#effects.push({ type: 'upload', neighbour, piece }),
      onCancel: (piece) => this.#effects.push({ type: 'stop_upload', neighbour, piece }),
    });
    this.#givers.set(neighbour, giver);
  }
}
