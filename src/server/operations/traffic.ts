// The requests under way: what a drain waits for, what the gauges show, and what
// the events of transfers are read from. Nothing is decided here but when all ended.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request under way. */
export interface Running {
  /** Counts up from 1 in each process. */
  readonly id: number;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Of the request as it came; express shortens `req.url` while a route answers. */
  readonly target: string;
  /** Of the representation, so far. */
  readonly bytes: number;
  readonly about: About | undefined;
}

/** The file that a request's bytes are of, where its target does not name it. */
export interface About {
  /** Names below the root. */
  readonly segments: readonly string[];
  /** Where in the file the bytes begin. */
  readonly offset: number;
  /** Of the file, when it is known. */
  readonly length: number | undefined;
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

  /** What is being answered on that connection; those behind it wait. */
  answering(socket: Duplex): Running | undefined {
    return [...this.#running].find(({ res }) => res.socket === socket);
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
