// Sends one file to a hub with PUT, and asks afterwards whether the hub has the
// same bytes: the CID that it names must be the one that the file has here. Uses
// node:http, whose Expect: 100-continue lets a hub refuse before the bytes go out.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { basename } from 'node:path';
import type { CID } from 'multiformats/cid';
import { importPath } from '../content/import.ts';
import { CountReporter } from '../link/counts.ts';
import { Link } from '../link/link.ts';
import { systemClock } from '../runtime/clock.ts';
import { HubswarmError, hasCode } from '../runtime/errors.ts';
import type { Emit } from '../telemetry/event.ts';
import { Patience } from './fail-over.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { HttpClient } from './http-client.ts';
import { namedCid } from './names-cid.ts';
import { connectionFailure, SourceFailure, statusFailure } from './source-failure.ts';
import { TransferEvents } from './transfer-events.ts';
import { UploadSource } from './upload-source.ts';
import { authorizationOf, showUrl } from './url.ts';

export interface PutOptions {
  readonly path: string;
  /** One that ends in '/' gets the file's name. */
  readonly url: URL;
  readonly uplinkBytesPerSecond?: number | undefined;
  /** How long the hub may take nothing. */
  readonly stallMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface Stored {
  readonly url: string;
  readonly etag: string | undefined;
}

/** As curl does: a server that does not know 100-continue costs no more than this. */
const CONTINUE_WITHIN_MS = 1000;

/** @throws HubswarmError ERR_REMOTE, ERR_SOURCE_CHANGED, ERR_NOT_FOUND, ERR_HASH_MISMATCH */
export async function putFile(options: PutOptions): Promise<Stored> {
  const url = uploadUrl(options.url, options.path);
  const events = new TransferEvents(basename(options.path), options.emit, systemClock);
  try {
    const source = await UploadSource.open(options.path);
    const counts = new CountReporter(options.emit);
    const link = new Link({
      uplinkBytesPerSecond: options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
      onCount: counts.note,
    });
    try {
      events.start({
        bytes: source.bytes,
        pieces: 0,
        resumedBytes: 0,
        verified: true,
        direction: 'sending',
      });
      const headers = await new Upload({ ...options, url }, source, link).run((sent) =>
        events.progress(sent),
      );
      const cid = namedCid(headers);
      if (cid) await checkStored({ ...options, url }, cid);
      events.complete(showUrl(url), source.bytes);
      return { url: showUrl(url), etag: headers.get('etag') };
    } finally {
      await source.close();
      counts.close(link);
    }
  } catch (error) {
    const reason: unknown = options.signal.aborted ? options.signal.reason : error;
    const told =
      reason instanceof SourceFailure
        ? new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason.message}`, { cause: reason })
        : reason;
    events.fail(told);
    throw told;
  }
}

export function uploadUrl(url: URL, path: string): URL {
  if (!url.pathname.endsWith('/')) return url;
  const target = new URL(url);
  target.pathname += encodeURIComponent(basename(path));
  return target;
}

class Upload {
  readonly #options: PutOptions;
  readonly #source: UploadSource;
  readonly #link: Link;
  readonly #request: ClientRequest;
  /** The answer; also when it comes before all is sent. */
  readonly #answer: Promise<IncomingMessage>;
  #answered = false;

  constructor(options: PutOptions, source: UploadSource, link: Link) {
    const { url, signal, stallMs } = options;
    this.#options = options;
    this.#source = source;
    this.#link = link;
    const authorization = authorizationOf(url);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const target = new URL(url);
    target.username = '';
    target.password = '';
    this.#request = send(target, {
      method: 'PUT',
      agent: false,
      signal,
      timeout: stallMs,
      headers: {
        'content-length': source.bytes,
        'content-type': 'application/octet-stream',
        'user-agent': 'hubswarm',
        expect: '100-continue',
        ...(authorization ? { authorization } : {}),
      },
    });
    this.#answer = new Promise((resolve, reject) => {
      this.#request.once('response', resolve);
      this.#request.once('error', (error) => reject(connectionFailure(error)));
      this.#request.once('timeout', () => {
        const reason = `took nothing for ${stallMs / 1000} s`;
        this.#request.destroy(new SourceFailure(reason));
      });
    });
    this.#answer.then(
      () => {
        this.#answered = true;
      },
      () => {
        this.#answered = true;
      },
    );
  }

  /** Resolves to the answer's headers. */
  async run(onSent: (bytes: number) => void): Promise<ReadonlyMap<string, string>> {
    try {
      await this.#untilContinue();
      await this.#sendBody(onSent);
      const answer = await this.#answer;
      answer.resume();
      const headers = new Map(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      );
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) return headers;
      throw refusal(status, headers.get('retry-after'));
    } finally {
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

  async #sendBody(onSent: (bytes: number) => void): Promise<void> {
    const capped = this.#link.uplinkBytesPerSecond !== Number.POSITIVE_INFINITY;
    let sent = 0;
    for await (const bytes of this.#source.read(capped)) {
      const turn = this.#link.send(bytes.length, this.#options.signal);
      if (turn !== undefined) await turn;
      // An answer before the end is a refusal: the rest is not wanted.
      if (this.#answered) return;
      if (!this.#request.write(bytes)) await this.#untilDrained();
      sent += bytes.length;
      onSent(sent);
    }
    this.#request.end();
  }

  async #untilDrained(): Promise<void> {
    const drained = new Promise((resolve) => this.#request.once('drain', resolve));
    await Promise.race([drained, this.#answer.catch(() => undefined)]);
  }
}

const HINTS: Record<number, string> = {
  403: 'the server takes no uploads there (a hub does when started with --writable)',
  405: 'the server takes no uploads there',
  409: 'a directory has that name',
  413: 'too large for the server',
  507: 'no room left on the server',
};

function refusal(status: number, retryAfter: string | undefined): SourceFailure {
  const failure = statusFailure(status, retryAfter);
  const hint = HINTS[status];
  return hint
    ? new SourceFailure(`${failure.message}: ${hint}`, { final: failure.final })
    : failure;
}

/** The hub may cut pieces of another length: it is asked for its manifest, then the file is hashed alike. */
async function checkStored(options: PutOptions, cid: CID): Promise<void> {
  const { path, url, stallMs, emit, signal } = options;
  const http = new HttpClient({ stallMs });
  try {
    const patience = new Patience(stallMs, systemClock);
    const context = { http, link: new Link(), patience, clock: systemClock, seed: 0, emit, signal };
    const { geometry } = await fetchManifest(context, cid, [url]);
    const pieceLength = Math.max(1, geometry.maxLength);
    const { manifest } = await importPath(path, { pieceLength, signal });
    if (manifest.root.equals(cid)) return;
    throw new HubswarmError('ERR_HASH_MISMATCH', `${showUrl(url)}: the server stored other bytes`);
  } catch (error) {
    if (!hasCode(error, 'ERR_NO_SOURCE')) throw error;
    emit({
      event: 'warned',
      message: 'the server gives no blocks: what it stored is not verified',
    });
  } finally {
    http.close();
  }
}
