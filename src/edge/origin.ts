// The hub behind an edge, and the questions to it: the version of a path, a block by its CID, and a
// page. Bytes of files come through fill.ts. Answers of the origin are trusted only if they hash to
// the CID that it named.
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import { parseAttributes } from '../api/file-attributes.ts';
import type { HttpClient, HttpResponse } from '../client/http/http-client.ts';
import { isPending, namedCid } from '../client/http/names-cid.ts';
import { readBody } from '../client/http/read-body.ts';
import { SourceFailure } from '../client/http/source-failure.ts';
import { showUrl } from '../client/http/url.ts';
import { matchesCid } from '../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../content/geometry.ts';
import type { Page } from '../hub/intermediary/intermediary.ts';
import type { Link } from '../link/link.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { Upstream } from '../runtime/refusal.ts';
import { ageOfAnswer, type Keeping, keepingOf } from './freshness.ts';
import { upstreamsOf } from './refusals.ts';

/** What an answer says of the time that it holds. */
interface Said {
  readonly keeping: Keeping;
  /** Milliseconds since the true origin confirmed it. */
  readonly ageMs: number;
}

/** What an answer says of the file beside its bytes. */
export interface Facts {
  readonly modifiedMs: number;
  /** Undefined if the origin does not say. */
  readonly executable?: boolean | undefined;
}

export type Head =
  | ({ readonly kind: 'file'; readonly cid: CID } & Facts & Said)
  /** The path still has the known version. */
  | ({ readonly kind: 'unchanged' } & Partial<Facts> & Said)
  /** The path is no file of a hub; usually it is a listing. */
  | { readonly kind: 'page' }
  /** The origin refused: 404, or another status 4xx. */
  | { readonly kind: 'refused'; readonly status: number }
  | {
      readonly kind: 'unreachable';
      readonly reason: string;
      /** What an asker may be told of it. */
      readonly upstreams: readonly Upstream[];
    };

/** Waits between questions to a hub that hashes a file: a second and a half in all. Chosen. */
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 800;
/** Answers that are passed on as they are. */
const PAGE_STATUSES = new Set([200, 206, 304]);
/** Longest page in memory. Chosen: some 13,000 entries of a listing. */
const MAX_PAGE_BYTES = 4 * 2 ** 20;
/**
 * Date of a file without a date at the origin: its second is never over, so the edge gives none.
 */
const UNDATED_MS = Number.MAX_SAFE_INTEGER;

export interface OriginOptions {
  /** URL of the origin; ends in a slash, and may hold credentials. */
  readonly url: URL;
  readonly http: HttpClient;
  readonly link: Link;
}

export class Origin {
  readonly http: HttpClient;
  readonly link: Link;
  readonly #url: URL;

  constructor({ url, http, link }: OriginOptions) {
    this.#url = url;
    this.http = http;
    this.link = link;
  }

  /** The URL without credentials. */
  get shown(): string {
    return showUrl(this.#url);
  }

  /** @param target path and query of the request, still escaped. */
  urlOf(target: string): URL {
    const url = new URL(this.#url);
    const [path = '/', query = ''] = target.split(/\?(.*)/s);
    // A proxy may show the origin below a prefix.
    url.pathname += path.slice(1);
    url.search = query;
    return url;
  }

  /** @throws HubswarmError ERR_REMOTE if the server is no hub, or cannot prove its identity */
  async checkIsHub(signal: AbortSignal): Promise<void> {
    const url = this.urlOf('/healthz');
    const bytes = await this.http.getBytes(url, 1024, signal).catch((error: unknown) => {
      if (error instanceof SourceFailure && !error.final) throw error;
      throw this.#distrust(error) ?? this.#noHub();
    });
    let answer: unknown;
    try {
      answer = JSON.parse(Buffer.from(bytes).toString());
    } catch {
      throw this.#noHub();
    }
    if ((answer as { status?: unknown } | null)?.status !== 'ok') throw this.#noHub();
  }

  /** @param known the version in the cache; a hub then tells only whether it is still current. */
  async head(url: URL, known: string | undefined, via: string, signal: AbortSignal): Promise<Head> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      const head = await this.#askHead(url, known, via, signal);
      if (head.kind !== 'unnamed') return head;
      // A file without a CID cannot be kept: it is passed on, as pages are.
      if (waitMs > MAX_WAIT_MS) return { kind: 'page' };
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #askHead(
    url: URL,
    known: string | undefined,
    via: string,
    signal: AbortSignal,
  ): Promise<Head | { readonly kind: 'unnamed' }> {
    const headers = { via, ...(known === undefined ? {} : { 'if-none-match': `"${known}"` }) };
    let response: HttpResponse;
    try {
      response = await this.http.request({ method: 'HEAD', url, headers, signal });
      await response.pump(() => undefined);
    } catch (error) {
      if (error instanceof SourceFailure) {
        return { kind: 'unreachable', reason: error.message, upstreams: upstreamsOf(error) };
      }
      const upstreams = [{ error: 'http_response_timeout' }];
      return { kind: 'unreachable', reason: 'did not answer in time', upstreams };
    }
    const { status } = response;
    const said = { keeping: keepingOf(response.headers), ageMs: ageOfAnswer(response.headers) };
    const facts = parseAttributes((name) => response.headers.get(name));
    if (status === 304 && known !== undefined) return { kind: 'unchanged', ...facts, ...said };
    if (status === 508) return { kind: 'refused', status };
    if (status >= 500 || status === 429 || status === 408) {
      const upstreams = upstreamsOf(response.failure());
      return { kind: 'unreachable', reason: `answered ${status}`, upstreams };
    }
    if (status !== 200) return { kind: 'refused', status };
    if (gotSlash(url, response)) return { kind: 'page' };
    const cid = namedCid(response.headers);
    if (!cid) return { kind: isPending(response.headers) ? 'unnamed' : 'page' };
    const { modifiedMs = UNDATED_MS, executable } = facts;
    return { kind: 'file', cid, modifiedMs, executable, ...said };
  }

  /** @throws SourceFailure also when the bytes are not the block */
  async block(cid: CID, signal: AbortSignal, via?: string): Promise<Uint8Array> {
    const accept = 'application/vnd.ipld.raw';
    const headers = { accept, ...(via === undefined ? {} : { via }) };
    const url = this.urlOf(`/ipfs/${cid}?format=raw`);
    const bytes = await this.http.getBytes(url, MAX_PIECE_LENGTH, signal, headers);
    if (!matchesCid(cid, bytes)) {
      throw new SourceFailure(`sent wrong bytes for block ${cid}`, { final: true });
    }
    await this.link.receive(bytes.length, signal);
    return bytes;
  }

  /** Fetches a small answer as it is. @throws SourceFailure */
  async page(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Page> {
    const response = await this.http.request({ method: 'GET', url, headers, signal });
    const { status } = response;
    if (!PAGE_STATUSES.has(status)) {
      response.discard();
      const { upstreams } = response.failure();
      throw new SourceFailure(`answered ${status}`, { final: status < 500, status, upstreams });
    }
    // A file is checked by its CID wherever it comes from. A page is not: by a redirect, an origin
    // could make this machine read what only this machine can reach.
    if (response.url.origin !== url.origin) {
      response.discard();
      throw new SourceFailure('sent a page of another server', { final: true });
    }
    const bytes = await readBody(response, MAX_PAGE_BYTES);
    return { status, headers: response.headers, bytes, isMoved: gotSlash(url, response) };
  }

  /** The error of a refused certificate, with the options of an edge. */
  #distrust(error: unknown): HubswarmError | undefined {
    if (!(error instanceof SourceFailure && error.distrusted)) return undefined;
    const reason = error.message.replaceAll(/--(fingerprint|cacert)\b/g, '--cache-$1');
    return new HubswarmError('ERR_REMOTE', `--cache: ${this.shown}: ${reason}`);
  }

  #noHub(): HubswarmError {
    return new HubswarmError(
      'ERR_REMOTE',
      `--cache: ${this.shown} is not a hub of this program; give one (as in http://10.0.0.1:8080/)`,
    );
  }
}

/** Whether the origin led from a directory's name to the directory, as it does to an index page. */
const gotSlash = (asked: URL, { url }: HttpResponse): boolean =>
  !asked.pathname.endsWith('/') && url.pathname.endsWith('/');
