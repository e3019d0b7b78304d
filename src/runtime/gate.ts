// Lets at most so many bodies run at once; the others wait in the order in which they came.
import { guarded } from './guarded.ts';

export class Gate {
  #free: number;
  /** Waiting bodies, in the order of asking. */
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Number of waiting bodies. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param signal ends the wait, not the body. @throws the signal's reason */
  async run<T>(body: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    try {
      return await body();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#free++;
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        this.#waiting.delete(enter);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = guarded('leaving a queue', () => {
        this.#waiting.delete(enter);
        reject(signal?.reason);
      });
      this.#waiting.add(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
