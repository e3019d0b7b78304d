// Decides in which order files are hashed: the one with the fewest bytes left goes first. A job is
// cut into slices, and waits before each slice with its file open while shorter jobs are done. So
// no small file waits for a big one, and of big files one is complete early. A stream of short jobs
// delays long ones: they have time, since no answer waits for them. Bounded: a job that has begun
// holds memory and a descriptor, each other job a closure.
import { guarded } from '../../runtime/guarded.ts';

/** Await it before each slice. @param left bytes that the job has left, this slice included */
export type Turn = (left: number) => Promise<void>;

interface Job {
  left: number;
  /** Lets the job go on; undefined while it runs. */
  wake: (() => void) | undefined;
}

/** Jobs that run at once. Chosen: one reads while the other's bytes are hashed. */
const AT_ONCE = 2;
/** Most jobs that have begun. Chosen: each holds two windows of 2 MiB. */
const MAX_BEGUN = 8;
/** Most jobs that wait. Chosen: a file beyond that is hashed at its next request. */
const MAX_WAITING = 4096;

export class HashingQueue {
  readonly #begun: Job[] = [];
  readonly #waiting: Job[] = [];

  /** Whether the queue is full: then add no job that no request waits for. */
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

  /** Resolves when the job may go on. */
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

  /** Wakes the jobs that may go on now. */
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

  /** Number of begun jobs that go before this one. */
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
