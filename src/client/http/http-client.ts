// Requests without a body over kept connections. It follows redirects, reuses connections, and
// tries again when a kept connection turns out to be closed. Every failure of the remote is a
// SourceFailure. Make one client for each transfer, and close() it.
import { parseProxyStatus, wordsOf } from '../../api/proxy-status.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Scope } from '../../runtime/node/scope.ts';
import { Access } from './access.ts';
import { ChainCookies } from './chain-cookies.ts';
import { HttpConnection, type Room, type Take } from './http-connection.ts';
import { isZipped, type ResponseHead } from './http-head.ts';
import { ANY_BYTES, LEAST_BYTES, TransferRate } from './least-rate.ts';
import { openTunnel, proxyAuthorization, trustOf } from './open-socket.ts';
import { readBody } from './read-body.ts';
import { endless, MAX_REDIRECTS, nextUrl } from './redirects.ts';
import { hintOfTls, onItsWay, SourceFailure, statusFailure, unanswered } from './source-failure.ts';
import { checkScope, lookupFrom, Tellers } from './tellers.ts';
import { pumpUnzipped } from './transfer-coding.ts';

const REDIRECTS = new Set([300, 301, 302, 303, 307, 308]);

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface ScopedRequest extends HttpRequest {
  /** The least scope of the address that is called. */
  readonly least: Scope;
}

/** Connections that a server sent the client to serve no request that the user meant. */
const poolOf = ({ url, least }: ScopedRequest): string => `${least} ${url.origin}`;

export interface HttpResponse extends ResponseHead {
  /** The final URL, after redirects. */
  readonly url: URL;
  /** Hands the body to `take`. Call this or discard(), exactly once. */
  pump(take: Take, room?: Room, leastBytes?: number): Promise<void>;
  /** Drops the rest of the response. */
  discard(): void;
  /** The failure that this status means. */
  failure(): SourceFailure;
}

export interface HttpClientOptions {
  /** How long a server may send nothing while it should. */
  readonly stallMs: number;
  /** A server that was silent once gets twice the time at the next try, up to this. */
  readonly mostStallMs?: number;
  /** Whether a slow answer is given up as a silent one is, since another source may help. */
  readonly exacting?: boolean;
  /**
   * Least mean rate of all answers together, by the user's option; 0 for none, as for a client that is
   * for no single transfer. As TransferRate has it if left out.
   */
  readonly minBytesPerSecond?: number | undefined;
  readonly access?: Access | undefined;
}

export class HttpClient {
  /** Where servers may send this client. */
  readonly tellers = new Tellers();
  readonly #idle = new Map<string, HttpConnection[]>();
  readonly #open = new Set<HttpConnection>();
  readonly #stallMs: number;
  readonly #mostStallMs: number;
  readonly #leastBytes: number;
  readonly #rate: TransferRate;
  /** How long a server may be silent, by origin, if it was before. */
  readonly #lengthened = new Map<string, number>();
  readonly #access: Access;

  constructor(options: HttpClientOptions) {
    const { stallMs, mostStallMs = stallMs, exacting, access } = options;
    this.#leastBytes = exacting ? LEAST_BYTES : ANY_BYTES;
    this.#stallMs = stallMs;
    this.#mostStallMs = mostStallMs;
    this.#access = access ?? new Access({ urls: [] });
    const { minBytesPerSecond } = options;
    this.#rate = new TransferRate(minBytesPerSecond);
    this.slow.addEventListener(
      'abort',
      guarded('giving up a slow server', () => this.#giveUp()),
    );
  }

  /** Aborted with a SourceFailure when too little comes: every request fails from then on. */
  get slow(): AbortSignal {
    return this.#rate.slow;
  }

  #giveUp(): void {
    for (const connection of this.#open) connection.close(this.slow.reason);
  }

  /** Sends a request; any status is an answer. @throws SourceFailure, or the signal's reason */
  async request(request: HttpRequest): Promise<HttpResponse> {
    let url = request.url;
    let least = this.tellers.leastOf(url);
    const cookies = new ChainCookies();
    const until = performance.now() + this.#mostStallMs;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const headers = { ...request.headers, ...(await cookies.of(url)) };
      const response = await this.#requestOnce({ ...request, url, least, headers });
      if (!REDIRECTS.has(response.status)) return response;
      response.discard();
      await cookies.take(url, response.cookies);
      const next = nextUrl(url, response.headers.get('location'), this.#access);
      if (performance.now() > until) throw endless(this.#mostStallMs);
      least = this.tellers.redirect(url, least, next);
      url = next;
    }
    throw new SourceFailure(`redirected more than ${MAX_REDIRECTS} times`, { final: true });
  }

  /**
   * Reads a small body whole.
   *
   * @throws SourceFailure unless 200, or if it is longer than `maxBytes`
   */
  async getBytes(
    url: URL,
    maxBytes: number,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Uint8Array> {
    return (await this.getPlaced(url, maxBytes, signal, headers)).bytes;
  }

  /** As getBytes(), with the URL that redirects led to, and the headers. */
  async getPlaced(
    url: URL,
    maxBytes: number,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ url: URL; headers: HttpResponse['headers']; bytes: Uint8Array }> {
    const response = await this.request({ method: 'GET', url, signal, headers });
    if (response.status !== 200) {
      response.discard();
      throw response.failure();
    }
    const { url: placed, headers: answered } = response;
    return { url: placed, headers: answered, bytes: await readBody(response, maxBytes) };
  }

  close(): void {
    for (const connection of this.#open) connection.close();
    this.#open.clear();
    this.#idle.clear();
  }

  async #requestOnce(request: ScopedRequest): Promise<HttpResponse> {
    request.signal.throwIfAborted();
    this.slow.throwIfAborted();
    checkScope(request.url, request.least);
    try {
      return await this.#requestOn(request);
    } catch (error) {
      throw onItsWay(error, this.#access.detour(request.url));
    }
  }

  async #requestOn(request: ScopedRequest): Promise<HttpResponse> {
    const kept = this.#takeIdle(poolOf(request));
    if (kept) {
      try {
        return await this.#send(kept, request);
      } catch (error) {
        // The server may have closed the kept connection (RFC 9112 section 9.3.1), or sent a body
        // after the answer to a HEAD. GET and HEAD may be repeated.
        if (kept.stalled || !(error instanceof SourceFailure)) throw error;
      }
    }
    return this.#send(await this.#connect(request), request);
  }

  async #send(connection: HttpConnection, request: ScopedRequest): Promise<HttpResponse> {
    this.#open.add(connection);
    const { signal, url } = request;
    const abort = (): void => connection.close();
    const release = (): void => {
      signal.removeEventListener('abort', abort);
      if (connection.reusable) this.#keep(poolOf(request), connection);
      else this.#open.delete(connection);
    };
    const guarded = async <T>(work: Promise<T>): Promise<T> => {
      try {
        return await work;
      } catch (error) {
        release();
        if (connection.stalled) this.#lengthen(url.origin);
        signal.throwIfAborted();
        throw error;
      }
    };
    signal.addEventListener('abort', abort);
    const asked = connection.request(request.method, this.#formatHead(request));
    const head = await guarded(asked).catch((error: unknown) => {
      const isKnown = connection.answered || this.#access.hasHeard(url);
      throw error instanceof SourceFailure && !isKnown ? unanswered(error, url) : error;
    });
    this.#access.hear(url);
    // Where a proxy stands says nothing of the origin.
    if (!this.#access.trust(url).proxy) this.tellers.meet(url.origin, connection.remoteAddress);
    return {
      ...head,
      url,
      pump: async (take, room, leastBytes) => {
        await (isZipped(head)
          ? pumpUnzipped((each) => guarded(connection.pump(each, undefined, leastBytes)), take)
          : guarded(connection.pump(take, room, leastBytes)));
        release();
      },
      discard: () => {
        connection.close();
        release();
      },
      failure: () => {
        const { status, headers } = head;
        const upstreams = status < 500 ? [] : parseProxyStatus(headers.get('proxy-status'));
        const own = this.#access.explain(url, head) ?? hintOfTls(url, head);
        const hint = own ?? wordsOf(upstreams);
        const failure = statusFailure(status, headers.get('retry-after'), hint, upstreams);
        return onItsWay(failure, this.#access.detour(url, head.status));
      },
    };
  }

  async #connect({ url, least, signal }: ScopedRequest): Promise<HttpConnection> {
    const stallMs = this.#limitOf(url.origin);
    const limits = { stallMs, leastBytes: this.#leastBytes, mean: this.#rate.mean };
    const trust = this.#access.trust(url);
    const { proxy, ca } = trust;
    if (!proxy) return new HttpConnection(url, limits, trust, { lookup: lookupFrom(least) });
    const through = { proxy, ca, withinMs: stallMs, signal };
    if (url.protocol === 'http:') return new HttpConnection(proxy, limits, trustOf(through));
    return new HttpConnection(url, limits, trust, { tunnel: await openTunnel(url, through) });
  }

  #limitOf(origin: string): number {
    return this.#lengthened.get(origin) ?? this.#stallMs;
  }

  #lengthen(origin: string): void {
    this.#lengthened.set(origin, Math.min(this.#mostStallMs, 2 * this.#limitOf(origin)));
  }

  #takeIdle(pool: string): HttpConnection | undefined {
    const idle = this.#idle.get(pool) ?? [];
    for (;;) {
      const connection = idle.pop();
      if (!connection || connection.reusable) return connection;
      connection.close();
      this.#open.delete(connection);
    }
  }

  #keep(pool: string, connection: HttpConnection): void {
    const idle = this.#idle.get(pool);
    if (idle) idle.push(connection);
    else this.#idle.set(pool, [connection]);
  }

  #formatHead({ method, url, headers }: HttpRequest): string {
    const authorization = this.#access.authorization(url);
    const { proxy } = this.#access.trust(url);
    // A proxy is told the whole URL (RFC 9112 section 3.2.2).
    const asked = proxy && url.protocol === 'http:' ? proxy : undefined;
    const fields = {
      host: url.host,
      'user-agent': 'hubswarm',
      accept: '*/*',
      // The file's own bytes are stored and counted, without a coding.
      'accept-encoding': 'identity',
      ...(authorization ? { authorization } : {}),
      ...(asked ? proxyAuthorization(asked) : {}),
      ...headers,
    };
    // URL has percent-encoded what could end a line; the headers are this program's own.
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const target = `${asked ? `http://${url.host}` : ''}${url.pathname}${url.search}`;
    return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }
}
