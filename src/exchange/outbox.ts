// Collects the effects of a step. Each frame costs an encryption, a system call and a wake-up
// at the other end. So messages that are not urgent (haves, and that we want nothing more)
// wait, and go together with the next message to the same neighbour.
import type { SessionEffect } from './effect.ts';
import type { Neighbour } from './neighbour/neighbour.ts';
import type { Message } from './wire/message.ts';

/** Wait of a have that makes us interesting. It delays spreading at most log2(N) times. */
const NEWS_DELAY_MS = 10;
/**
 * Wait of a message that changes nothing at once. This is a have for a neighbour that is
 * interested already, or while enough others are; or a lost interest, which `decline` tells
 * in time. Simulated with 8 to 64 receivers: a seventh to a third fewer frames. With 200 ms and
 * more, simulated swarms of 16 behind lines with buffers take 0.5 to 1.4 % longer.
 */
const DETAIL_DELAY_MS = 100;
/**
 * Wait of the address of a newcomer. Of peers that come at once each hears of each other from all
 * that know it. Told together, and without what it named meanwhile, that takes less than half of the
 * messages (measured, 8 receivers).
 */
const PEERS_DELAY_MS = 100;
/** With so many haves for one neighbour, they are sent without waiting. */
const HAVE_BATCH = 16;

export class Outbox {
  #effects: SessionEffect[] = [];
  /** Neighbours with waiting messages, and the time at which these must go. */
  readonly #dueAt = new Map<Neighbour, number>();
  /** When the next waiting message is due; Infinity if none waits. */
  flushAt = Number.POSITIVE_INFINITY;

  push(effect: SessionEffect): void {
    this.#effects.push(effect);
  }

  send(neighbour: Neighbour, message: Message): void {
    this.flush(neighbour);
    this.push({ type: 'send', neighbour: neighbour.id, message });
  }

  /** Tells of a piece soon, together with others; later if it is no news to the neighbour. */
  sendHaveSoon(neighbour: Neighbour, piece: number, isNews: boolean, now: number): void {
    const { unsentHaves } = neighbour.telling;
    unsentHaves.push(piece);
    if (unsentHaves.length >= HAVE_BATCH) this.flush(neighbour);
    else this.#setDue(neighbour, now + (isNews ? NEWS_DELAY_MS : DETAIL_DELAY_MS));
  }

  /** Tells of other peers soon, unless the neighbour named them, or does so meanwhile. */
  sendPeersSoon(neighbour: Neighbour, addresses: readonly string[], now: number): void {
    neighbour.telling.addAddresses(addresses);
    this.#setDue(neighbour, now + PEERS_DELAY_MS);
  }

  /** Flushes this neighbour's messages, but not at once. */
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

  /** Sends what waits, and our interest if the neighbour was last told another. */
  flush(neighbour: Neighbour): void {
    this.#dueAt.delete(neighbour);
    const { telling } = neighbour;
    if (telling.unsentHaves.length > 0) {
      const pieces = telling.unsentHaves.splice(0);
      this.push({ type: 'send', neighbour: neighbour.id, message: { type: 'have', pieces } });
    }
    const addresses = [...telling.unsentAddresses];
    telling.unsentAddresses.clear();
    if (addresses.length > 0) {
      this.push({ type: 'send', neighbour: neighbour.id, message: { type: 'peers', addresses } });
    }
    const { amInterested: interested } = telling;
    if (interested === telling.toldInterested) return;
    telling.toldInterested = interested;
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
