// One request and its response: it counts the bytes sent, notices when the client leaves, sends
// small answers and failures, and reports the one line of the access log.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Emit } from '../../telemetry/event.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { refusalBody } from '../message/problem-body.ts';
import { targetPath } from '../message/request-path.ts';
import { KEPT_BY_FAILURES } from '../message/standing-headers.ts';
import { toHttp } from '../message/to-http.ts';
import { withVary } from '../message/vary.ts';
import { askAfterEnd } from './departure.ts';
import { HttpCaller } from './http-caller.ts';
import { BYTES_PER_STALL } from './patience.ts';
import { detailsOf } from './request-details.ts';
import type { About, Traffic } from './traffic.ts';

/** Longest path in the log. Chosen. */
const MAX_LOGGED_PATH = 1024;

export class Conversation {
  static readonly #all = new WeakMap<ServerResponse, Conversation>();

  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly id: number;
  /** Owned by Traffic. */
  slot = 0;
  /** The request target as it came: express shortens `req.url` while a route answers. */
  readonly target: string;
  /** The file concerned; set by routes whose target does not name it. */
  about: About | undefined;
  /** Bytes of the representation, sent, or received by an upload. */
  bytes = 0;
  readonly caller: HttpCaller;
  #left = false;
  /** Made on demand: most answers are over before anybody asks. */
  #gone: AbortController | undefined;
  readonly #emit: Emit;

  /** How long the client may neither take nor send a byte, in ms. */
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
    const end = guarded('ending a conversation', () => {
      const { remote, rights } = this.caller;
      traffic.leave(this);
      if (!res.writableFinished) this.#leave();
      else if (!req.complete && !req.socket.destroyed) this.#limitRest();
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
        ...(rights?.subject !== undefined && { subject: rights.subject }),
        ...details,
      });
    });
    res.once('close', end);
    const limit = guarded('limiting the last bytes', () => this.#limitLast());
    res.once('prefinish', limit);
  }

  /** Call before express gets the response: its routes find this object with of(). */
  register(): void {
    Conversation.#all.set(this.res, this);
  }

  /** The object of a response that express hands on. */
  static of(res: ServerResponse): Conversation {
    return Conversation.#all.get(res)!;
  }

  /** Aborts when the client leaves before the last byte. */
  get signal(): AbortSignal {
    if (!this.#gone) {
      this.#gone = new AbortController();
      askAfterEnd(this, () => this.#answerInterim());
    }
    if (this.#left) this.#gone.abort(leftError());
    return this.#gone.signal;
  }

  /** HTTP/1.0 has no interim answers (RFC 9110 section 15.2): work for it goes on. */
  #answerInterim(): void {
    const { req, res } = this;
    if (!res.headersSent && req.httpVersionMinor > 0) res.writeProcessing();
  }

  #leave(): void {
    this.#left = true;
    this.#gone?.abort(leftError());
  }

  /**
   * How long the client may take for so many bytes, in ms. Whether it takes any before all are taken
   * does not show: the kernel holds MiB of earlier ones for a slow reader, and takes none meanwhile.
   */
  patienceMs(bytes: number): number {
    return this.stallMs * (1 + bytes / BYTES_PER_STALL);
  }

  /** Resolves when the kernel has taken the bytes; the caller may then reuse the buffer. */
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

  /**
   * Asks a client that waits to send its body; HTTP/1.0 has no such answer (RFC 9110 section
   * 10.1.1).
   */
  askForBody(): void {
    const { req, res } = this;
    if (req.headers.expect !== undefined && req.httpVersionMinor > 0) res.writeContinue();
  }

  /** Adds a request header to Vary (RFC 9110 section 12.5.5). */
  vary(name: string): void {
    const before = this.res.getHeader('Vary');
    this.res.setHeader('Vary', before === undefined ? name : `${before}, ${name}`);
  }

  /** Sends a prepared answer: its head, and a body in one write. */
  answer(status: number, headers: OutgoingHttpHeaders, body?: Uint8Array): void {
    const { req, res } = this;
    res.writeHead(status, withVary(res, headers));
    if (body === undefined || req.method === 'HEAD') {
      res.end();
      return;
    }
    this.bytes += body.length;
    res.end(body);
  }

  /**
   * Called when the last bytes are written. Unless the kernel took all of them, their time is
   * limited: a client that reads nothing must not hold them for ever.
   */
  #limitLast(): void {
    const { res } = this;
    const { writableLength } = this.req.socket;
    if (res.writableFinished || writableLength === 0) return;
    const timer = setTimeout(() => res.destroy(), this.patienceMs(writableLength));
    res.once('close', () => clearTimeout(timer));
  }

  /**
   * Limits the time for the rest of a body that nobody wanted: the next request lies behind it, and
   * each of its bytes would keep the connection.
   */
  #limitRest(): void {
    const { req } = this;
    const { socket } = req;
    const cut = guarded('ending an unwanted body', () => {
      socket.destroy();
    });
    const timer = setTimeout(cut, this.stallMs);
    const end = guarded('passing an unwanted body', () => {
      clearTimeout(timer);
      socket.off('close', end);
    });
    req.once('end', end);
    socket.once('close', end);
  }

  /** Sends a small answer. */
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

  redirect(location: string): void {
    this.res.setHeader('Location', location);
    // What a proxy said made it, and no cache knows that.
    this.res.setHeader('Cache-Control', 'no-store');
    this.reply(302, 'text/plain; charset=utf-8', `see ${location}\n`);
  }

  /**
   * Answers an error that a route threw. If the answer has begun, it cuts the connection. Never
   * throws.
   */
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
    // RFC 9111 section 4.2.2 lets caches keep a 404 or 414 as long as they like.
    res.setHeader('Cache-Control', 'no-store');
    for (const [name, value] of Object.entries(failure.headers)) res.setHeader(name, value);
    // The rest of an unread body would be taken for the next request.
    if (!req.complete && hasBody(req)) res.setHeader('Connection', 'close');
    const { type, text } = refusalBody(req.headers.accept, failure);
    this.reply(failure.status, type, text);
  }

  /** Tells the hub's operator what went wrong with this request. */
  warn(reason: string): void {
    this.#emit({ event: 'warned', message: `${targetPath(this.target)}: ${reason}` });
  }

  #internal(error: unknown): HttpFailure {
    this.warn(describeError(error));
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
