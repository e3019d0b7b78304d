// The requests under way. A drain waits for them, gauges show them, and the events of transfers are
// read from them. The only decision here is when all have ended.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pipelines } from './pipelines.ts';

/** A request under way. */
export interface Running {
  /** Counts up from 1 in each process. */
  readonly id: number;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The request target as it came; express shortens `req.url` while a route answers. */
  readonly target: string;
  /** Bytes of the representation so far. */
  readonly bytes: number;
  readonly about: About | undefined;
  /** Its index in the list; owned by Traffic. */
  slot: number;
}

/** The file of a request whose target does not name it. */
export interface About {
  /** Names below the root. */
  readonly segments: readonly string[];
  /** Offset of the bytes in the file. */
  readonly offset: number;
  /** Length of the file, if it is known. */
  readonly length: number | undefined;
}

export class Traffic {
  /**
   * Requests under way, in any order. Not a Set: a Set that has grown links its outgrown tables,
   * and so kept finished requests from V8's collector: a third of the CPU of small files.
   */
  readonly #running: Running[] = [];
  #lastId = 0;
  #handleIdle: (() => void) | undefined;
  /** Requests that wait for those ahead of them. */
  readonly pipelines: Pipelines;
  /** Whether the access log wants further fields of each request. */
  readonly detailed: boolean;
  /** True once every answer is the last of its connection. */
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

  /** The request that is being answered on that connection, or is next; those behind it wait. */
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

  /** Resolves when no request is under way, those that come meanwhile included. */
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
