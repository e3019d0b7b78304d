// Collects a step's effects. Haves wait a moment for company, since each frame
// costs an encryption and a system call; whatever else goes to a neighbour takes
// its waiting haves along.
import type { SessionEffect } from './effect.ts';
import type { Message } from './message.ts';
import type { Neighbour } from './neighbour.ts';

/** Longest wait of a have. Spreading is delayed by it log2(N) times at the most. */
const HAVE_DELAY_MS = 10;
/** Haves sent without waiting further. */
const HAVE_BATCH = 16;

export class Outbox {
  #effects: SessionEffect[] = [];
  readonly #waiting = new Set<Neighbour>();
  /** When the waiting haves must go; Infinity when none wait. */
  flushAt = Number.POSITIVE_INFINITY;

  push(effect: SessionEffect): void {
    this.#effects.push(effect);
  }

  send(neighbour: Neighbour, message: Message): void {
    this.#flush(neighbour);
    this.push({ type: 'send', neighbour: neighbour.id, message });
  }

  /** Tells of a piece, with others of the next few milliseconds. */
  sendHaveSoon(neighbour: Neighbour, piece: number, now: number): void {
    neighbour.unsentHaves.push(piece);
    if (neighbour.unsentHaves.length >= HAVE_BATCH) return this.#flush(neighbour);
    this.#waiting.add(neighbour);
    this.flushAt = Math.min(this.flushAt, now + HAVE_DELAY_MS);
  }

  flushAll(): void {
    for (const neighbour of this.#waiting) this.#flush(neighbour);
    this.flushAt = Number.POSITIVE_INFINITY;
  }

  forget(neighbour: Neighbour): void {
    this.#waiting.delete(neighbour);
  }

  /** The effects so far; the next step starts anew. */
  take(): SessionEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #flush(neighbour: Neighbour): void {
    if (neighbour.unsentHaves.length === 0) return;
    const pieces = neighbour.unsentHaves.splice(0);
    this.#waiting.delete(neighbour);
    this.push({ type: 'send', neighbour: neighbour.id, message: { type: 'have', pieces } });
  }
}
