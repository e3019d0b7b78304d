// Sends one request that changes something on a server (PUT, PATCH, POST, DELETE), or asks whether
// it could, with a body of any length. Uses node:http, whose Expect: 100-continue lets a hub refuse
// before the bytes go out. Any status is an answer; every failure of the remote is a SourceFailure.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Link } from '../../link/link.ts';
import { systemClock } from '../../runtime/clock.ts';
import { guarded } from '../../runtime/guarded.ts';
import { Access } from './access.ts';
import { ChainCookies } from './chain-cookies.ts';
import { MAX_INTERIM } from './http-head.ts';
import { HEAD_TIMES, type MeanRate } from './least-rate.ts';
import { connectTrusted, proxyAuthorization } from './open-socket.ts';
import { endless, MAX_REDIRECTS, nextUrl } from './redirects.ts';
import {
  connectionFailure,
  hintOfTls,
  onItsWay,
  SourceFailure,
  statusFailure,
  unanswered,
} from './source-failure.ts';
import { checkScope, lookupFrom, Tellers } from './tellers.ts';

interface SentBody {
  readonly bytes: number;
  /** Called anew for each place that a redirect leads to. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
  /** Called with the number of body bytes sent so far. */
  readonly onSent: (bytes: number) => void;
}

export interface SentRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: SentBody | undefined;
  readonly link: Link;
  /** How long the server may neither take nor send a byte. */
  readonly stallMs: number;
  /** What the server must take, and its answers bring, in the mean. */
  readonly mean?: MeanRate | undefined;
  readonly access?: Access | undefined;
  readonly signal: AbortSignal;
}

export interface SentAnswer {
  /** The final URL, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** Chosen: the mean counts what is taken in such steps, which take two minutes at the least rate. */
const WRITE_BYTES = 64 * 1024;
/** Time between two looks at the mean while nothing is taken. Chosen. */
const LOOK_MS = 5000;
/** Wait for a 100, as curl waits: a server that does not know 100-continue costs no more. */
const CONTINUE_WITHIN_MS = 1000;

/**
 * Redirects that ask for the same request elsewhere. That of a POST may become a GET (RFC 9110
 * section 15.4), which is never what is meant here.
 */
const REDIRECTS = new Set([301, 302, 307, 308]);

/** Follows redirects with the same method. @throws SourceFailure, and what the body's chunks throw */
export async function sendRequest(request: SentRequest): Promise<SentAnswer> {
  const { stallMs, access = new Access({ urls: [] }) } = request;
  const tellers = new Tellers();
  const cookies = new ChainCookies();
  let { url } = request;
  let least = tellers.leastOf(url);
  let until = performance.now() + stallMs;
  const onSent = (bytes: number): void => {
    until = performance.now() + stallMs;
    request.body?.onSent(bytes);
  };
  const body = request.body && { ...request.body, onSent };
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    checkScope(url, least);
    const headers = { ...request.headers, ...(await cookies.of(url)) };
    const sending = new Sending({ ...request, access, body, url, headers }, lookupFrom(least));
    const answer = await sending.run();
    if (!REDIRECTS.has(answer.status)) return answer;
    tellers.meet(url.origin, sending.remoteAddress);
    await cookies.take(url, sending.cookies);
    const next = nextUrl(url, answer.headers.get('location'), access);
    if (performance.now() > until) throw endless(stallMs);
    least = tellers.redirect(url, least, next);
    url = next;
  }
  throw new SourceFailure(`redirected more than ${MAX_REDIRECTS} times`, { final: true });
}

type Sent = SentRequest & { readonly access: Access };

class Sending {
  readonly #options: Sent;
  readonly #request: ClientRequest;
  /** The answer, which may come before all is sent. */
  readonly #answer: Promise<IncomingMessage>;
  #answered = false;
  #headTimer: NodeJS.Timeout | undefined;
  #interim = 0;
  /** Whether a byte of the answer came, which counts in the mean from then on. */
  #answering = false;
  /** Of the server, if it and no proxy answered. */
  remoteAddress: string | undefined;
  /** The values of Set-Cookie in the answer. */
  cookies: readonly string[] = [];

  constructor(options: Sent, lookup: LookupFunction | undefined) {
    const { url, signal, stallMs, body, method, access } = options;
    this.#options = options;
    const authorization = access.authorization(url);
    const target = new URL(url);
    target.username = '';
    target.password = '';
    const trust = access.trust(url);
    const asked = url.protocol === 'http:' ? trust.proxy : undefined;
    this.#request = requestHttp(target, {
      protocol: 'http:',
      // A proxy is told the whole URL (RFC 9112 section 3.2.2).
      ...(asked ? { path: target.href } : {}),
      method,
      // Over TLS too, only a server whose certificate was accepted gets the request.
      createConnection: (_options, done) => {
        connectTrusted({ origin: url, trust, stallMs, signal, lookup }, done);
        return undefined;
      },
      signal,
      timeout: stallMs,
      headers: {
        'content-length': body?.bytes ?? 0,
        'user-agent': 'hubswarm',
        ...(body && body.bytes > 0 ? { expect: '100-continue' } : {}),
        ...(authorization ? { authorization } : {}),
        ...(asked ? proxyAuthorization(asked) : {}),
        ...options.headers,
      },
    });
    this.#answer = new Promise((resolve, reject) => {
      this.#request.once('response', (answer) => {
        if (!trust.proxy) this.remoteAddress = answer.socket.remoteAddress;
        access.hear(url);
        this.cookies = answer.headers['set-cookie'] ?? [];
        resolve(answer);
      });
      this.#request.once('error', (error) => {
        const failure = connectionFailure(error);
        const hinted = access.hasHeard(url) ? failure : unanswered(failure, url);
        reject(onItsWay(hinted, access.detour(url)));
      });
      this.#request.once('timeout', () => {
        const reason = `took nothing for ${stallMs / 1000} s`;
        this.#request.destroy(new SourceFailure(reason));
      });
    });
    const answered = (): void => {
      this.#answered = true;
      if (this.#answering) this.#options.mean?.pause();
      clearTimeout(this.#headTimer);
    };
    this.#answer.then(answered, answered);
    this.#limitHead();
  }

  /** A head comes whole in its time: of its first byte, and of the body's last. */
  #limitHead(): void {
    const headMs = HEAD_TIMES * this.#options.stallMs;
    const request = this.#request;
    const end = (reason: string): void => void request.destroy(new SourceFailure(reason));
    const begin = (): void => {
      if (this.#answered) return;
      this.#headTimer ??= setTimeout(() => {
        end(`sent no whole answer in ${headMs / 1000} s`);
      }, headMs);
    };
    request.once('finish', begin);
    // Before node:http reads it, and tells of what it read.
    const count = (bytes: Uint8Array): void => {
      begin();
      this.#handleAnswer(bytes.length);
    };
    request.once('socket', (socket) => socket.prependListener('data', count));
    request.on('information', () => {
      if (++this.#interim > MAX_INTERIM) return end('sent interim answers without end');
      // What is sent after a 100 may take long.
      if (request.writableFinished) return;
      clearTimeout(this.#headTimer);
      this.#headTimer = undefined;
    });
  }

  #handleAnswer(bytes: number): void {
    const { mean } = this.#options;
    if (this.#answered || !mean) return;
    if (!this.#answering) mean.resume();
    this.#answering = true;
    mean.handleBytes(bytes);
  }

  async run(): Promise<SentAnswer> {
    const { url, body } = this.#options;
    try {
      if (body && body.bytes > 0) {
        await this.#untilContinue();
        if (!this.#answered) await this.#sendBody(body);
      } else this.#request.end();
      const answer = await this.#answer;
      answer.resume();
      const headers = Object.entries(answer.headers).map(
        ([name, value]) => [name, String(value)] as const,
      );
      return { url, status: answer.statusCode ?? 0, headers: new Map(headers) };
    } finally {
      clearTimeout(this.#headTimer);
      this.#request.destroy();
    }
  }

  async #untilContinue(): Promise<void> {
    this.#request.flushHeaders();
    const abort = new AbortController();
    try {
      await Promise.race([
        new Promise((resolve) => this.#request.once('continue', resolve)),
        systemClock.sleep(CONTINUE_WITHIN_MS, abort.signal).catch(() => undefined),
        this.#answer,
      ]);
    } finally {
      abort.abort();
    }
  }

  async #sendBody({ chunks, onSent }: SentBody): Promise<void> {
    let sent = 0;
    for await (const bytes of chunks()) {
      const turn = this.#options.link.send(bytes.length, this.#options.signal);
      if (turn !== undefined) await turn;
      // An answer before the end is a refusal: the rest is not wanted.
      if (this.#answered) return;
      for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
        const part = bytes.subarray(at, at + WRITE_BYTES);
        if (!this.#request.write(part)) await this.#untilTaken();
        if (this.#answered) return;
        this.#options.mean?.handleBytes(part.length);
        sent += part.length;
        onSent(sent);
      }
    }
    this.#request.end();
  }

  async #untilTaken(): Promise<void> {
    const { mean } = this.#options;
    const look =
      mean &&
      setInterval(
        guarded('measuring', () => mean.handleBytes(0)),
        LOOK_MS,
      );
    mean?.resume();
    try {
      await this.#untilDrained();
    } finally {
      mean?.pause();
      clearInterval(look);
    }
  }

  async #untilDrained(): Promise<void> {
    const drained = new Promise((resolve) => this.#request.once('drain', resolve));
    await Promise.race([drained, this.#answer.catch(() => undefined)]);
  }
}

const HINTS: Readonly<Record<number, string>> = {
  403: 'the server takes no uploads there (a hub does when started with --writable, and never names that begin with a dot)',
  404: 'the server takes no uploads there (a hub does below /files/)',
  405: 'the server takes no uploads there (a hub does below /files/)',
  409: 'a directory has that name, or a file the name of a directory above it',
  412: 'the server has another file of that name',
  413: 'too large for the server',
  422: 'the bytes were damaged on their way',
  507: 'no room left on the server',
};

/**
 * A status that refuses, as a person reads it: by what the token that was sent lacks, else by
 * what the status means for such a request.
 */
export function refusalOf(
  { access }: Pick<SentRequest, 'access'>,
  answer: SentAnswer,
  hints = HINTS,
): SourceFailure {
  const { url, status, headers } = answer;
  const hint = access?.explain(url, answer) ?? hintOfTls(url, answer) ?? hints[status];
  const failure = statusFailure(status, headers.get('retry-after'), hint);
  return onItsWay(failure, access?.detour(url, status));
}
