import type { Clock } from '../../src/runtime/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock whose sleepers wake, in order, as `advance` passes them. */
export class TestClock implements Clock {
  readonly #lateMs: () => number;
  readonly #sleepers = new Set<Sleeper>();
  #now = 0;

  /** @param lateMs by how much the next sleeper wakes late */
  constructor(lateMs: () => number = () => 0) {
    this.#lateMs = lateMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { at: this.#now + ms + this.#lateMs(), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  async advance(to: number): Promise<void> {
    await settle();
    for (let next = this.#next(to); next; next = this.#next(to)) {
      this.#now = next.at;
      this.#sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.#now = to;
  }

  #next(to: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (!first || sleeper.at < first.at) first = sleeper;
    return first && first.at <= to ? first : undefined;
  }
}

/** Whoever woke goes on, and perhaps to sleep again. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
