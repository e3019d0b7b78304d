// The loop round a session: events go in one at a time, its effects are carried out, and it is woken
// when it asked to be. Effects may cause further events, which wait for their turn.
import type { SessionEffect } from '../exchange/effect.ts';
import type { SessionEvent } from '../exchange/event.ts';
import type { Session } from '../exchange/session.ts';
import type { Cancel, Timers } from '../runtime/clock.ts';

interface SessionLoopInit {
  readonly session: Pick<Session, 'step' | 'wakeAt'>;
  readonly clock: Pick<Timers, 'now' | 'after'>;
  readonly carryOut: (effect: SessionEffect) => void;
}

export class SessionLoop {
  readonly #init: SessionLoopInit;
  readonly #events: SessionEvent[] = [];
  #isStepping = false;
  #cancelTick: Cancel | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(init: SessionLoopInit) {
    this.#init = init;
  }

  step(event: SessionEvent): void {
    this.#events.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    const { session, clock, carryOut } = this.#init;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) {
        for (const effect of session.step(clock.now(), next)) carryOut(effect);
      }
    } finally {
      this.#isStepping = false;
      this.#schedule();
    }
  }

  /** Wakes the session no more; events that still come are handled. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
  }

  #schedule(): void {
    const { session, clock } = this.#init;
    const { wakeAt } = session;
    if (this.#isClosed || wakeAt === this.#timerAt) return;
    this.#cancelTick?.();
    this.#timerAt = wakeAt;
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    this.#cancelTick = clock.after(Math.max(0, wakeAt - clock.now()), 'waking a swarm', () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.step({ type: 'tick' });
    });
  }
}
