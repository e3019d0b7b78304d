// How often this peer calls others, all its files together: the caller's side of
// callers.ts. A few calls are as cheap as a question; whoever is called often is first
// asked which files it exchanges, and one that refuses a call is left alone for a while.
import { forgetOldest } from '../runtime/forget-oldest.ts';
import { CALL_SPAN_MS } from './callers.ts';

/** Calls to one peer that wait for an answer: half of what callers.ts lets wait. */
const MOST_AT_ONCE = 8;
/** Calls to one peer within a span that need no question before. Chosen. */
const FEW = 8;
/** Peers remembered; a forgotten one is merely called sooner. Chosen. */
const MOST_REMEMBERED = 1024;

interface Callee {
  calling: number;
  recent: number;
  spanEndsAt: number;
  notBefore: number;
  /** To be told, one for each call that is answered. */
  readonly waiting: Set<() => void>;
}

export class Callees {
  readonly #callees = new Map<string, Callee>();

  /** @param whenFree called when it is worth another look, if it may not be called now */
  mayCall(peer: string, now: number, whenFree?: () => void): boolean {
    const callee = this.#callees.get(peer);
    if (!callee || now < callee.notBefore) return !callee;
    if (callee.calling < MOST_AT_ONCE) return true;
    if (whenFree) callee.waiting.add(whenFree);
    return false;
  }

  /** Whether to ask before the next call. */
  isCalledOften(peer: string, now: number): boolean {
    const callee = this.#callees.get(peer);
    return callee !== undefined && now < callee.spanEndsAt && callee.recent >= FEW;
  }

  /** A call begins; the returned function must be called once when it is answered. */
  begin(peer: string, now: number): () => void {
    const callee = this.#of(peer);
    if (now >= callee.spanEndsAt) {
      callee.spanEndsAt = now + CALL_SPAN_MS;
      callee.recent = 0;
    }
    callee.recent++;
    callee.calling++;
    return () => {
      callee.calling--;
      for (const tell of callee.waiting) {
        callee.waiting.delete(tell);
        return tell();
      }
    };
  }

  noteRefused(peer: string, now: number): void {
    this.#of(peer).notBefore = now + CALL_SPAN_MS;
  }

  #of(peer: string): Callee {
    const callee = this.#callees.get(peer) ?? {
      calling: 0,
      recent: 0,
      spanEndsAt: Number.NEGATIVE_INFINITY,
      notBefore: Number.NEGATIVE_INFINITY,
      waiting: new Set(),
    };
    this.#callees.set(peer, callee);
    forgetOldest(this.#callees, MOST_REMEMBERED);
    return callee;
  }
}
