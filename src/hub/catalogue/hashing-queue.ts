// In which order files are hashed: those with the least left first, whatever came before
// them. Work goes in slices, and before each slice the job asks for its turn: a long one
// waits there, file open, while shorter ones are done. So no small file waits for a big
// one, and of big ones the first that will be whole comes first. A stream of short jobs
// holds up long ones: they have time, since nobody waits for their bytes.
// Bounded: jobs that were begun hold memory and a descriptor each, the others a closure.
import { guarded } from '../../runtime/guarded.ts';

/** To be awaited before each slice. @param left bytes of the job, this slice included */
export type Turn = (left: number) => Promise<void>;

interface Job {
  left: number;
  /** Lets it go on; undefined while it does. */
  wake: (() => void) | undefined;
}

/** Chosen: one reads while the other's bytes are hashed. */
const AT_ONCE = 2;
/** Chosen: two windows of 2 MiB each. */
const MAX_BEGUN = 8;
/** Chosen: what is asked for then is found by the next request. */
const MAX_WAITING = 4096;

export class HashingQueue {
  readonly #begun: Job[] = [];
  readonly #waiting: Job[] = [];

  /** No job should be added that nobody waits for. */
  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  /** @throws what `body` throws, and what the signal holds */
  async run<T>(bytes: number, signal: AbortSignal, body: (turn: Turn) => Promise<T>): Promise<T> {
    const job: Job = { left: bytes, wake: undefined };
    this.#waiting.push(job);
    try {
      await this.#sleep(job, signal);
      return await body(async (left) => {
        job.left = left;
        signal.throwIfAborted();
        if (this.#rank(job) >= AT_ONCE) await this.#sleep(job, signal);
      });
    } finally {
      for (const jobs of [this.#begun, this.#waiting]) {
        const at = jobs.indexOf(job);
        if (at >= 0) jobs.splice(at, 1);
      }
      this.#advance();
    }
  }

  /** Resolves when it is the job's turn. */
  #sleep(job: Job, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = guarded('going on with hashing', () => {
        job.wake = undefined;
        signal.removeEventListener('abort', settle);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      });
      job.wake = settle;
      if (signal.aborted) return settle();
      signal.addEventListener('abort', settle);
      this.#advance();
    });
  }

  /** Wakes whoever may go on now. */
  #advance(): void {
    for (;;) {
      const next = shortestOf(this.#waiting);
      if (!next || this.#begun.length >= MAX_BEGUN || this.#rank(next) >= AT_ONCE) break;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#begun.push(next);
      next.wake?.();
    }
    for (const job of this.#begun) if (this.#rank(job) < AT_ONCE) job.wake?.();
  }

  /** How many of those that were begun go before it. */
  #rank(job: Job): number {
    let rank = 0;
    let isBefore = true;
    for (const other of this.#begun) {
      if (other === job) isBefore = false;
      else if (other.left < job.left || (isBefore && other.left === job.left)) rank++;
    }
    return rank;
  }
}

function shortestOf(jobs: readonly Job[]): Job | undefined {
  let shortest = jobs[0];
  for (const job of jobs) if (job.left < shortest!.left) shortest = job;
  return shortest;
}
