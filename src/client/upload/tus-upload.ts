// Sends a file to a hub by tus 1.0, and resumes after a cut, also of an earlier run: it asks the
// hub for the offset and sends the rest, again and again, as long as bytes get through. Before, it
// asks whether the server knows tus.
import { formatBoolean, formatSeconds } from '../../api/file-attributes.ts';
import { systemClock } from '../../runtime/clock.ts';
import { parseContentLength } from '../http/http-head.ts';
import { pathOnHub, routeUrl } from '../http/hub-url.ts';
import { refusalOf, type SentAnswer, type SentRequest, sendRequest } from '../http/send-request.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { Patience } from '../mirrors/fail-over.ts';
import type { UploadMemory } from './upload-memory.ts';
import type { UploadSource } from './upload-source.ts';

const TUS = { 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'content-type': 'application/offset+octet-stream' };
/** Wait before the next attempt. Chosen: a hub restarts in about that time. */
const RETRY_AFTER_MS = 500;
/** Statuses of an upload that an interrupted writer still holds, until the hub notices. */
const BUSY = new Set([409, 423, 460]);

/**
 * Most attempts in a row whose bytes the hub did not keep. Chosen: cuts on the way lose some, and
 * each costs the bytes again.
 */
const MAX_LOST = 8;

export type RequestBasis = Pick<SentRequest, 'link' | 'stallMs' | 'mean' | 'access' | 'signal'>;

export interface TusTarget {
  readonly endpoint: URL;
  /** Path below the hub's /files/, decoded. */
  readonly path: string;
}

/**
 * Finds the hub's upload endpoint for a file's URL; undefined if it has none.
 *
 * @throws SourceFailure
 */
export async function findTus(basis: RequestBasis, url: URL): Promise<TusTarget | undefined> {
  // If the path is malformed, the server's answer to a PUT will say so.
  const path = pathOnHub(url);
  if (!path) return undefined;
  const asked = { ...basis, method: 'OPTIONS', url: routeUrl(url, 'uploads/') };
  const answer = await sendRequest(asked).catch(unlessMisled);
  if (!answer) return undefined;
  const { url: endpoint, status, headers } = answer;
  const offered = (name: string): string[] =>
    (headers.get(name) ?? '').split(',').map((each) => each.trim());
  const able = offered('tus-version').includes('1.0.0');
  if (status >= 300 || !able || !offered('tus-extension').includes('creation')) return undefined;
  return { endpoint, path };
}

/** A server without tus may send the question anywhere. */
function unlessMisled(error: unknown): undefined {
  if (error instanceof SourceFailure && error.final) return undefined;
  throw error;
}

export interface TusUpload extends RequestBasis {
  readonly target: TusTarget;
  readonly source: UploadSource;
  readonly memory: UploadMemory;
  /** Preconditions of the publication. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly preserve: boolean;
  readonly paced: boolean;
  /** Called once, with the number of bytes that the hub has already. */
  readonly onStart: (resumedBytes: number) => void;
  /** Called with the number of bytes that the hub has or is being sent. */
  readonly onSent: (bytes: number) => void;
  readonly onRetry: (reason: string, attempt: number, delayMs: number) => void;
}

/** Resolves to the last answer's headers. @throws SourceFailure if it cannot go on */
export async function uploadByTus(upload: TusUpload): Promise<ReadonlyMap<string, string>> {
  const patience = new Patience(upload.stallMs, systemClock);
  const attempt = new Attempt(upload, patience);
  for (let count = 1; ; count++) {
    try {
      const headers = await attempt.run();
      await upload.memory.forget();
      return headers;
    } catch (error) {
      upload.signal.throwIfAborted();
      if (!(error instanceof SourceFailure) || error.final || patience.leftMs <= 0) throw error;
      const delayMs = Math.min(error.retryAfterMs ?? RETRY_AFTER_MS, Math.max(0, patience.leftMs));
      upload.onRetry(error.message, count, delayMs);
      await systemClock.sleep(delayMs, upload.signal);
    }
  }
}

class Attempt {
  readonly #upload: TusUpload;
  readonly #patience: Patience;
  #url: URL | undefined;
  #started = false;
  /** The most bytes that the hub said it has. */
  #kept = 0;
  /** Whether bytes were sent since the hub last told its offset. */
  #sent = false;
  /** Attempts in a row whose bytes were not kept. */
  #lost = 0;

  constructor(upload: TusUpload, patience: Patience) {
    this.#upload = upload;
    this.#patience = patience;
  }

  async run(): Promise<ReadonlyMap<string, string>> {
    this.#url ??= await this.#remembered();
    const found = this.#url && (await this.#ask(this.#url));
    const { url, offset, headers } = found ?? (await this.#create());
    this.#url = url;
    this.#handleOffset(offset);
    const { source, onStart, onSent } = this.#upload;
    if (!this.#started) onStart(offset);
    this.#started = true;
    this.#patience.handleBytes(0, offset);
    onSent(offset);
    return offset === source.bytes ? headers : this.#append(url, offset);
  }

  /** @throws SourceFailure if what is sent is lost again and again */
  #handleOffset(offset: number): void {
    if (offset > this.#kept) this.#lost = 0;
    else if (this.#sent && ++this.#lost === MAX_LOST) {
      throw new SourceFailure('keeps none of the bytes it is sent', { final: true });
    }
    this.#kept = Math.max(this.#kept, offset);
    this.#sent = false;
  }

  /** Asks for the offset. Undefined if the upload has expired or belongs to another client. */
  async #ask(url: URL) {
    const answer = await this.#send('HEAD', url, TUS);
    const { status, headers } = answer;
    if (status >= 400 && status < 500 && status !== 423) return undefined;
    if (status >= 300) throw this.#refusal(answer);
    const { bytes } = this.#upload.source;
    const offset = parseContentLength(headers.get('upload-offset'));
    const ours = parseContentLength(headers.get('upload-length')) === bytes;
    const isPart = offset !== undefined && offset <= bytes;
    return ours && isPart ? { url, offset, headers } : undefined;
  }

  async #create() {
    const { target, source, conditions, memory } = this.#upload;
    const answer = await this.#send('POST', target.endpoint, {
      ...TUS,
      ...conditions,
      'upload-length': String(source.bytes),
      'upload-metadata': this.#metadata(),
    });
    const location = answer.headers.get('location');
    const { url: endpoint } = answer;
    if (answer.status !== 201 || !location || !URL.canParse(location, endpoint.href)) {
      throw this.#refusal(answer);
    }
    const url = seenFrom(endpoint, new URL(location, endpoint));
    if (!authorize(url, endpoint))
      throw new SourceFailure('named an upload of another server', { final: true });
    await memory.save(url);
    return { url, offset: 0, headers: answer.headers };
  }

  async #remembered(): Promise<URL | undefined> {
    const url = await this.#upload.memory.load();
    return url && authorize(url, this.#upload.target.endpoint) ? url : undefined;
  }

  #metadata(): string {
    const { target, source, preserve } = this.#upload;
    const { modifiedMs, executable } = preserve ? source.attributes : {};
    const values = {
      path: target.path,
      mtime: modifiedMs === undefined ? undefined : formatSeconds(modifiedMs),
      executable: executable === undefined ? undefined : formatBoolean(executable),
    };
    return Object.entries(values)
      .flatMap(([key, value]) =>
        value === undefined ? [] : [`${key} ${Buffer.from(value).toString('base64')}`],
      )
      .join(',');
  }

  async #append(url: URL, offset: number): Promise<ReadonlyMap<string, string>> {
    const { source, paced, onSent } = this.#upload;
    const answer = await sendRequest({
      ...this.#upload,
      method: 'PATCH',
      url,
      headers: { ...CHUNK, 'upload-offset': String(offset) },
      body: {
        bytes: source.bytes - offset,
        chunks: () => source.read(paced, offset),
        onSent: (bytes) => {
          this.#sent = true;
          this.#patience.handleBytes(0, offset + bytes);
          onSent(offset + bytes);
        },
      },
    });
    if (answer.status >= 200 && answer.status < 300) return answer.headers;
    throw this.#refusal(answer);
  }

  #refusal(answer: SentAnswer): SourceFailure {
    const failure = refusalOf(this.#upload, answer);
    // As for a PUT: room is seldom made within seconds.
    if (answer.status === 507)
      return new SourceFailure(failure.message, { final: true, status: 507 });
    if (!BUSY.has(answer.status)) return failure;
    return new SourceFailure(failure.message, { retryAfterMs: failure.retryAfterMs });
  }

  #send(method: string, url: URL, headers: Record<string, string>): Promise<SentAnswer> {
    return sendRequest({ ...this.#upload, method, url, headers });
  }
}

/** Gives the URL the user's credentials. False for another server than that of the endpoint. */
function authorize(url: URL, endpoint: URL): boolean {
  if (url.origin !== endpoint.origin) return false;
  url.username = endpoint.username;
  url.password = endpoint.password;
  return true;
}

/** An upload's URL. A hub may not know of a proxy before it that ends TLS, or adds a prefix. */
function seenFrom(endpoint: URL, url: URL): URL {
  const seen = new URL(url);
  if (seen.host !== endpoint.host) return seen;
  seen.protocol = endpoint.protocol;
  const [directory = ''] = /^\/.+\//.exec(seen.pathname) ?? [];
  if (directory !== '' && endpoint.pathname.endsWith(directory))
    seen.pathname = endpoint.pathname + seen.pathname.slice(directory.length);
  return seen;
}
