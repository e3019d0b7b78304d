// The requests under way: what a drain waits for, what the gauges show, and what
// the events of transfers are read from. Nothing is decided here but when all ended.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pipelines } from './pipelines.ts';

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
  /** Where it stands among those under way; Traffic's own. */
  slot: number;
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
  /**
   * In any order. Not a Set: its outgrown tables, each of which points to the next, kept
   * requests that were over from V8's collector for long: a third of the CPU of small files.
   */
  readonly #running: Running[] = [];
  #lastId = 0;
  #handleIdle: (() => void) | undefined;
  /** Requests that wait for those ahead of them. */
  readonly pipelines: Pipelines;
  /** Who logs requests wants to know more of each. */
  readonly detailed: boolean;
  /** Every answer is the last of its connection from now on. */
  draining = false;

  constructor(options: { detailed: boolean; headersWithinMs: number }) {
    this.detailed = options.detailed;
    this.pipelines = new Pipelines(options);
  }

  /** In any order. */
  get running(): readonly Running[] {
    return this.#running;
  }

  get uploads(): number {
    return this.#running.filter(({ req }) => isUpload(req.method)).length;
  }

  /** What is being answered on that connection, or is next; those behind it wait. */
  answering(socket: Duplex): Pick<Running, 'req' | 'res'> | undefined {
    const running = this.#running.find(({ res }) => res.socket === socket);
    return running ?? this.pipelines.deferred(socket);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  enter(request: Running): void {
    request.slot = this.#running.push(request) - 1;
    if (this.draining) request.res.setHeader('Connection', 'close');
  }

  leave(request: Running): void {
    const last = this.#running.pop()!;
    if (last !== request) {
      this.#running[request.slot] = last;
      last.slot = request.slot;
    }
    if (this.#running.length === 0) this.#handleIdle?.();
  }

  /** Resolves when nothing is under way; requests that come meanwhile are waited for as well. */
  untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#running.length === 0) resolve();
      else this.#handleIdle = resolve;
    });
  }
}

/** The methods whose bytes come from the client. */
export function isUpload(method: string | undefined): boolean {
  return method === 'PUT' || method === 'POST' || method === 'PATCH';
}
