import { type Cancel, systemClock, type Timers } from '../../src/runtime/clock.ts';
import { Agenda } from '../../src/simulate/agenda.ts';

/** A clock that stands still until it is advanced. What a callback throws ends the test. */
export class VirtualClock implements Timers {
  readonly #agenda = new Agenda();
  #now = 0;
  #timers = 0;

  /** Whether no timer is running. */
  get isIdle(): boolean {
    return this.#timers === 0;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.after(ms, 'sleeping', () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
    });
  }

  after(ms: number, _what: string, run: () => void): Cancel {
    let isRunning = true;
    this.#timers++;
    const end = (): boolean => {
      const wasRunning = isRunning;
      isRunning = false;
      if (wasRunning) this.#timers--;
      return wasRunning;
    };
    this.#agenda.add(this.#now + ms, () => {
      if (end()) run();
    });
    return end;
  }

  every(ms: number, what: string, run: () => void): Cancel {
    let cancel: Cancel;
    const again = (): void => {
      cancel = this.after(ms, what, again);
      run();
    };
    cancel = this.after(ms, what, again);
    return () => cancel();
  }

  soon(what: string, run: () => void): void {
    this.after(0, what, run);
  }

  /** Carries out what is due within so many milliseconds, and what that brings about. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    while (this.#agenda.nextAt <= until) {
      this.#now = Math.max(this.#now, this.#agenda.nextAt);
      this.#agenda.next()!();
      await settle();
    }
    this.#now = until;
  }

  /** Advances until this holds; fails when it does not within so many milliseconds. */
  async advanceUntil(holds: () => boolean, withinMs = 60_000): Promise<void> {
    const until = this.#now + withinMs;
    await settle();
    while (!holds()) {
      if (this.#agenda.nextAt > until) throw new Error(`not within ${withinMs} ms`);
      this.#now = Math.max(this.#now, this.#agenda.nextAt);
      this.#agenda.next()!();
      await settle();
    }
  }
}

/** Promises that are due are carried out before the next turn of the event loop. */
const settle = (): Promise<void> => new Promise((resolve) => systemClock.soon('settling', resolve));
