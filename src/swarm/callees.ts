// Bounds how often this peer calls others, with all its files together: the caller's side of
// callers.ts. A few calls are as cheap as a question. A peer that is called often is first asked
// which files it exchanges, and one that refuses a call is left alone for a while.
import { forgetOldest } from '../runtime/forget-oldest.ts';
import { CALL_SPAN_MS } from './callers.ts';

/** Most calls to one peer that wait for an answer: half of what callers.ts allows. */
const MOST_AT_ONCE = 8;
/** Calls to one peer within a span that need no question first. Chosen. */
const FEW = 8;
/** Most peers remembered; a forgotten one is merely called sooner. Chosen. */
const MOST_REMEMBERED = 1024;

interface Callee {
  calling: number;
  recent: number;
  spanEndsAt: number;
  notBefore: number;
  /** Callbacks that wait for room; one is called for each call that is answered. */
  readonly waiting: Set<() => void>;
}

export class Callees {
  readonly #callees = new Map<string, Callee>();

  /** @param whenFree called when a call may be possible again, if it is not now */
  mayCall(peer: string, now: number, whenFree?: () => void): boolean {
    const callee = this.#callees.get(peer);
    if (!callee || now < callee.notBefore) return !callee;
    if (callee.calling < MOST_AT_ONCE) return true;
    if (whenFree) callee.waiting.add(whenFree);
    return false;
  }

  /** Whether the peer should be asked before the next call. */
  isCalledOften(peer: string, now: number): boolean {
    const callee = this.#callees.get(peer);
    return callee !== undefined && now < callee.spanEndsAt && callee.recent >= FEW;
  }

  /** Begins a call. The returned function must be called once, when the call is answered. */
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
