// Decides which pages of other web origins may use this hub (the Fetch standard's CORS protocol).
// One implementation serves byte routes and express alike; the `cors` package knows only the
// latter. Credentials are never allowed: a script sends its token itself, in Authorization, so no
// page can use a credential that a browser has stored for another.
import type { PageOrigins } from '../../hub/access/page-origins.ts';
import type { Conversation } from '../conversation/conversation.ts';

const METHODS = 'GET, HEAD, PUT, POST, PATCH, DELETE, MKCOL';
const REQUEST_HEADERS = [
  'Authorization',
  'Cache-Control',
  'Content-Digest',
  'Content-Type',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Last-Event-ID',
  'Prefer',
  'Range',
  'Repr-Digest',
  'Tus-Resumable',
  'Upload-Checksum',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'Want-Content-Digest',
  'Want-Repr-Digest',
  'X-HTTP-Method-Override',
  'X-Hubswarm-Executable',
  'X-OC-Mtime',
  'X-Requested-With',
].join(', ');
const RESPONSE_HEADERS = [
  'Accept-Ranges',
  'Content-Digest',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Range',
  'Date',
  'ETag',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Repr-Digest',
  'Retry-After',
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'WWW-Authenticate',
  'X-Hubswarm-Executable',
  'X-Ipfs-Path',
  'X-Ipfs-Roots',
  'X-OC-Mtime',
].join(', ');
/** Two hours: the longest that Chromium keeps an answer to a preflight. */
const MAX_AGE_S = 7200;

export class Cors {
  readonly #pages: PageOrigins;

  constructor(pages: PageOrigins) {
    this.#pages = pages;
  }

  /**
   * Tells in the answer which pages may read it. Call it for every request, before any other step.
   */
  mark(conversation: Conversation): void {
    const { res } = conversation;
    const { origin } = conversation.req.headers;
    // A cache must not give the answer for one web origin to another.
    if (!this.#pages.areAny) conversation.vary('Origin');
    if (origin === undefined || !this.#pages.lets(origin)) return;
    res.setHeader('Access-Control-Allow-Origin', this.#pages.areAny ? '*' : origin);
    res.setHeader('Access-Control-Expose-Headers', RESPONSE_HEADERS);
  }

  /**
   * Answers a preflight; returns false if the request is none. A web origin that is not listed gets
   * no permission.
   */
  answerPreflight({ req, res }: Conversation): boolean {
    const { origin } = req.headers;
    const isPreflight =
      req.method === 'OPTIONS' &&
      origin !== undefined &&
      req.headers['access-control-request-method'] !== undefined;
    if (!isPreflight) return false;
    if (this.#pages.lets(origin)) {
      res.setHeader('Access-Control-Allow-Methods', METHODS);
      res.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
      res.setHeader('Access-Control-Max-Age', MAX_AGE_S);
    }
    res.writeHead(204).end();
    return true;
  }
}
