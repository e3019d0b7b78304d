// Collects a step's effects. What is not urgent waits for company, since each frame
// costs an encryption, a system call and a wake-up at the other end: haves, and that
// we want nothing more. Whatever else goes to a neighbour takes it along.
import type { SessionEffect } from './effect.ts';
import type { Message } from './message.ts';
import type { Neighbour } from './neighbour.ts';

/** Wait of a have that makes us interesting: spreading is delayed log2(N) times at the most. */
const NEWS_DELAY_MS = 10;
/**
 * Wait of what changes nothing at once: a have for a neighbour that is interested
 * already, or when others are; a lost interest, which is heard in time as an answer to
 * an offer. Simulated, with 8 to 64 receivers: a seventh to a third fewer frames.
 */
const DETAIL_DELAY_MS = 100;
/** Haves sent without waiting further. */
const HAVE_BATCH = 16;

export class Outbox {
  #effects: SessionEffect[] = [];
  /** Neighbours to tell something, and when that must be. */
  readonly #dueAt = new Map<Neighbour, number>();
  /** When the next of them is due; Infinity when there is none. */
  flushAt = Number.POSITIVE_INFINITY;

  push(effect: SessionEffect): void {
    this.#effects.push(effect);
  }

  send(neighbour: Neighbour, message: Message): void {
    this.flush(neighbour);
    this.push({ type: 'send', neighbour: neighbour.id, message });
  }

  /** Tells of a piece, with others of the next moment; a longer one when it is no news. */
  sendHaveSoon(neighbour: Neighbour, piece: number, isNews: boolean, now: number): void {
    neighbour.unsentHaves.push(piece);
    if (neighbour.unsentHaves.length >= HAVE_BATCH) this.flush(neighbour);
    else this.#setDue(neighbour, now + (isNews ? NEWS_DELAY_MS : DETAIL_DELAY_MS));
  }

  /** Has something to tell it that can wait. */
  flushSoon(neighbour: Neighbour, now: number): void {
    this.#setDue(neighbour, now + DETAIL_DELAY_MS);
  }

  flushDue(now: number): void {
    this.flushAt = Number.POSITIVE_INFINITY;
    for (const [neighbour, dueAt] of this.#dueAt) {
      if (dueAt <= now) this.flush(neighbour);
      else this.flushAt = Math.min(this.flushAt, dueAt);
    }
  }

  /** Tells it what waits, and whether we are interested if it does not know. */
  flush(neighbour: Neighbour): void {
    this.#dueAt.delete(neighbour);
    if (neighbour.unsentHaves.length > 0) {
      const pieces = neighbour.unsentHaves.splice(0);
      this.push({ type: 'send', neighbour: neighbour.id, message: { type: 'have', pieces } });
    }
    const interested = neighbour.amInterested;
    if (interested === neighbour.toldInterested) return;
    neighbour.toldInterested = interested;
    this.push({ type: 'send', neighbour: neighbour.id, message: { type: 'interest', interested } });
  }

  forget(neighbour: Neighbour): void {
    this.#dueAt.delete(neighbour);
  }

  /** The effects so far; the next step starts anew. */
  take(): SessionEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #setDue(neighbour: Neighbour, dueAt: number): void {
    this.#dueAt.set(neighbour, Math.min(dueAt, this.#dueAt.get(neighbour) ?? dueAt));
    this.flushAt = Math.min(this.flushAt, dueAt);
  }
}
