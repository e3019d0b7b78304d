// One request and its response: what was sent of it, when the other side left,
// how a small answer and a failure look, and the one line of the access log.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Emit } from '../../telemetry/event.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { targetPath } from '../message/request-path.ts';
import { KEPT_BY_FAILURES } from '../message/standing-headers.ts';
import { toHttp } from '../message/to-http.ts';
import { withVary } from '../message/vary.ts';
import { HttpCaller } from './http-caller.ts';
import { detailsOf } from './request-details.ts';
import type { About, Traffic } from './traffic.ts';

/**
 * What a client must take or give in each stall time, beyond a first one: 4 KiB/s at
 * 30 s. Chosen: the slowest that is worth its buffer; who is slower resumes after the cut.
 */
const BYTES_PER_STALL = 128 * 1024;
/** Of a path in the log. Chosen. */
const MAX_LOGGED_PATH = 1024;

export class Exchange {
  static readonly #all = new WeakMap<ServerResponse, Exchange>();

  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly id: number;
  /** Traffic's. */
  slot = 0;
  /** As it came: express shortens `req.url` while a route answers. */
  readonly target: string;
  /** Set by routes whose target does not name the file. */
  about: About | undefined;
  /** Of the representation: sent, or received by an upload. */
  bytes = 0;
  readonly caller: HttpCaller;
  #left = false;
  /** Made when somebody asks: most answers are over before anybody would. */
  #gone: AbortController | undefined;
  readonly #emit: Emit;

  /** How long the other side may take or give nothing. */
  readonly stallMs: number;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    { emit, stallMs, traffic }: { emit: Emit; stallMs: number; traffic: Traffic },
  ) {
    this.req = req;
    this.res = res;
    this.id = traffic.nextId();
    this.stallMs = stallMs;
    this.#emit = emit;
    const startedAt = performance.now();
    this.target = req.url ?? '';
    this.caller = new HttpCaller(req);
    traffic.enter(this);
    const details = traffic.detailed ? detailsOf(req, res) : undefined;
    const end = guarded('ending an exchange', () => {
      const { remote, grant } = this.caller;
      traffic.leave(this);
      if (!res.writableFinished) this.#leave();
      emit({
        event: 'request_completed',
        method: req.method ?? '',
        path: targetPath(this.target).slice(0, MAX_LOGGED_PATH),
        status: res.statusCode,
        bytes: this.bytes,
        ms: performance.now() - startedAt,
        remote,
        whole: res.writableFinished,
        request: this.id,
        ...(grant?.subject !== undefined && { subject: grant.subject }),
        ...details,
      });
    });
    res.once('close', end);
  }

  /** Before express gets the response: its routes find the exchange again with of(). */
  register(): void {
    Exchange.#all.set(this.res, this);
  }

  /** The exchange of a response that express hands on. */
  static of(res: ServerResponse): Exchange {
    return Exchange.#all.get(res)!;
  }

  /** Aborts when the other side leaves before the last byte. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#left) this.#gone.abort(leftError());
    return this.#gone.signal;
  }

  #leave(): void {
    this.#left = true;
    this.#gone?.abort(leftError());
  }

  /** How long so many bytes may take the other side. */
  patienceMs(bytes: number): number {
    return this.stallMs * (1 + bytes / BYTES_PER_STALL);
  }

  /** Resolves when the kernel has taken the bytes; the buffer is then the caller's again. */
  write(bytes: Uint8Array): Promise<void> {
    const { res, signal } = this;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => res.destroy(), this.patienceMs(bytes.length));
      const settle = guarded('ending a write', (error?: unknown) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onGone);
        if (error) reject(error);
        else {
          this.bytes += bytes.length;
          resolve();
        }
      });
      const onGone = guarded('leaving a write', () => settle(signal.reason));
      if (signal.aborted) return settle(signal.reason);
      signal.addEventListener('abort', onGone);
      res.write(bytes, settle);
    });
  }

  /** Asks for the body of who waits for that; HTTP/1.0 knows no such answer (RFC 9110 section 10.1.1). */
  askForBody(): void {
    const { req, res } = this;
    if (req.headers.expect !== undefined && req.httpVersionMinor > 0) res.writeContinue();
  }

  /** One more request header that the answer depends on (RFC 9110 section 12.5.5). */
  vary(name: string): void {
    const before = this.res.getHeader('Vary');
    this.res.setHeader('Vary', before === undefined ? name : `${before}, ${name}`);
  }

  /** A prepared answer: its head, and a body that is sent in one go. */
  answer(status: number, headers: OutgoingHttpHeaders, body?: Uint8Array): void {
    const { req, res } = this;
    res.writeHead(status, withVary(res, headers));
    if (body === undefined || req.method === 'HEAD') {
      res.end();
      return;
    }
    this.bytes += body.length;
    res.end(body);
    // The kernel took all of it, or a client that reads nothing must not hold it for ever.
    if (!res.writableFinished && req.socket.writableLength > 0) this.#cutIn(body.length);
  }

  #cutIn(bytes: number): void {
    const timer = setTimeout(() => this.res.destroy(), this.patienceMs(bytes));
    this.res.once('close', () => clearTimeout(timer));
  }

  /** A whole small answer. */
  reply(status: number, type: string, text: string): void {
    const { req, res } = this;
    const body = Buffer.from(text);
    res.statusCode = status;
    res.setHeader('Content-Type', type);
    res.setHeader('Content-Length', body.length);
    if (req.method === 'HEAD') res.end();
    else {
      this.bytes += body.length;
      res.end(body);
    }
  }

  /** Answers what a route threw; once the answer has begun, only by cutting it off. Never throws. */
  fail(thrown: unknown): void {
    guarded(
      'refusing a request',
      () => this.#refuse(thrown),
      () => this.res.destroy(),
    )();
  }

  #refuse(thrown: unknown): void {
    const { req, res } = this;
    if (this.#left) return;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const failure = toHttp(thrown) ?? this.#internal(thrown);
    for (const name of res.getHeaderNames()) {
      if (!KEPT_BY_FAILURES.has(name)) res.removeHeader(name);
    }
    // RFC 9111 section 4.2.2 would let caches keep a 404 or 414 as long as they like.
    res.setHeader('Cache-Control', 'no-store');
    for (const [name, value] of Object.entries(failure.headers)) res.setHeader(name, value);
    // The rest of a body that nobody reads would be taken for the next request.
    if (!req.complete && hasBody(req)) res.setHeader('Connection', 'close');
    this.reply(failure.status, 'text/plain; charset=utf-8', `${failure.message}\n`);
  }

  #internal(error: unknown): HttpFailure {
    this.#emit({ event: 'warned', message: `${this.req.url}: ${describeError(error)}` });
    return new HttpFailure(500, 'the server failed to answer; its log says why');
  }
}

/** RFC 9112 section 6.3. A request is complete only after its listeners were called. */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'] ?? 0;
  return headers['transfer-encoding'] !== undefined || Number(length) !== 0;
}

function leftError(): HubswarmError {
  return new HubswarmError('ERR_ABORTED', 'client left');
}
