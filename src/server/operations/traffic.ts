// The requests under way: what a drain waits for, what the gauges show, and what
// the events of transfers are read from. Nothing is decided here but when all ended.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request under way. */
export interface Running {
  /** Counts up from 1 in each process. */
  readonly id: number;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Of the representation, so far. */
  readonly bytes: number;
}

export class Traffic {
  readonly #running = new Set<Running>();
  #lastId = 0;
  #handleIdle: (() => void) | undefined;
  /** Who logs requests wants to know more of each. */
  readonly detailed: boolean;
  /** Every answer is the last of its connection from now on. */
  draining = false;

  constructor(options: { detailed: boolean }) {
    this.detailed = options.detailed;
  }

  get running(): ReadonlySet<Running> {
    return this.#running;
  }

  get uploads(): number {
    return [...this.#running].filter(({ req }) => isUpload(req.method)).length;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  enter(request: Running): void {
    this.#running.add(request);
    if (this.draining) request.res.setHeader('Connection', 'close');
  }

  leave(request: Running): void {
    this.#running.delete(request);
    if (this.#running.size === 0) this.#handleIdle?.();
  }

  /** Resolves when nothing is under way; requests that come meanwhile are waited for as well. */
  untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#running.size === 0) resolve();
      else this.#handleIdle = resolve;
    });
  }
}

/** The methods whose bytes come from the client. */
export function isUpload(method: string | undefined): boolean {
  return method === 'PUT' || method === 'POST' || method === 'PATCH';
}
