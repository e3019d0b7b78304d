// A signal for one attempt: aborts with its parents, or after a time. Unlike
// AbortSignal.any(), which Node.js 20 lets its parents remember as long as they live, it
// leaves nothing behind once it is released: what is tried every second for days must not
// grow. Release it when the attempt is over, however it ended.
import { platform } from '#platform';
import { guarded } from './guarded.ts';

export class LinkedAbort {
  readonly #abort = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ms time after which it aborts with a TimeoutError; never if left out */
  constructor(parents: readonly AbortSignal[], ms?: number) {
    this.#parents = parents;
    for (const parent of parents) {
      if (parent.aborted) this.#abort.abort(parent.reason);
      // Their number is bounded by the attempts under way: each removes its listener.
      platform.allowListeners(parent);
      parent.addEventListener('abort', this.#follow);
    }
    platform.allowListeners(this.signal);
    if (ms === undefined) return;
    const giveUp = guarded('giving up an attempt', () => {
      this.#abort.abort(new DOMException('no answer in time', 'TimeoutError'));
    });
    this.#timer = setTimeout(giveUp, ms);
    platform.unref(this.#timer);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  release(): void {
    clearTimeout(this.#timer);
    for (const parent of this.#parents) parent.removeEventListener('abort', this.#follow);
  }

  readonly #follow = guarded('giving up an attempt', (event: Event) => {
    this.#abort.abort((event.target as AbortSignal).reason);
  });
}

/** Runs one attempt with a signal of its own. */
export async function attempt<T>(
  parents: readonly AbortSignal[],
  ms: number | undefined,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const linked = new LinkedAbort(parents, ms);
  try {
    return await body(linked.signal);
  } finally {
    linked.release();
  }
}
