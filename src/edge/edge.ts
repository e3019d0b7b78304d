// A caching edge: answers for the files of another hub, its origin, out of a cache
// that it fills as it is asked. Each path is compared with the origin by its ETag
// before it is served (once for all who ask meanwhile, and not again within the ttl);
// when the origin cannot say, what is here is served as stale. What goes to the
// origin itself, by 307: whatever changes a file, the events, of which an edge has none of
// its own, and what the cache has no room for.
// RFC 9110 section 7.6.3 (Via), RFC 9111 section 4.2.4 (stale), RFC 9211.
import { randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { SourceFailure } from '../client/http/source-failure.ts';
import { showUrl } from '../client/http/url.ts';
import { decodeCid, isSupportedCid } from '../content/cid.ts';
import type { Access } from '../hub/access/access.ts';
import { hasCode } from '../runtime/errors.ts';
import { guarded } from '../runtime/guarded.ts';
import { attempt } from '../runtime/linked-abort.ts';
import type { Release } from '../runtime/node/directory-lock.ts';
import { fileChanging } from '../runtime/refusal.ts';
import type { Conversation } from '../server/conversation/conversation.ts';
import type { Desk, Intermediary } from '../server/hall/hub.ts';
import { Lane } from '../server/listing/listing-lanes.ts';
import { HttpFailure } from '../server/message/http-failure.ts';
import { parseRequestPath, targetPath } from '../server/message/request-path.ts';
import { type Found, routeOf } from '../server/message/routes.ts';
import { withVary } from '../server/message/vary.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Cache } from './cache.ts';
import { cacheHeaders, passedHeaders } from './cache-status.ts';
import { CachedRoot } from './cached-root.ts';
import type { Origin } from './origin.ts';
import type { PathIndex } from './path-index.ts';
import { notHere, requestDirectives } from './request-directives.ts';

/** Chosen: more edges in a row than anybody needs. */
const MAX_HOPS = 8;
/** Of a page that is passed on. */
const PAGE_FIELDS = ['content-type', 'content-security-policy', 'cache-control', 'vary'];

export interface EdgeParts {
  readonly origin: Origin;
  readonly cache: Cache;
  readonly index: PathIndex;
  readonly ttlMs: number;
  readonly patienceMs: number;
  readonly emit: Emit;
  readonly stopping: AbortController;
  /** Gives the directory back. */
  readonly release: Release;
}

export class Edge implements Intermediary {
  readonly #parts: EdgeParts;
  readonly #root: CachedRoot;
  /** Chosen: pages are 4 MiB at most, and most of the time of each is the origin's. */
  readonly #pages = new Lane({ atOnce: 16, waiting: 512, heldBytes: 32 * 2 ** 20 });
  /** Tells this edge from others in Via: a pseudonym, so that no address is told. */
  readonly #name = `hubswarm-edge-${randomBytes(6).toString('hex')}`;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
    this.#root = new CachedRoot({ ...parts, signal: parts.stopping.signal });
  }

  async answer(conversation: Conversation, desk: Desk): Promise<boolean> {
    const { method, url = '' } = conversation.req;
    const path = targetPath(url);
    const { name, rest = '' }: Partial<Found> = routeOf(path) ?? {};
    if (method === 'OPTIONS') return false;
    // What the edge saw change would come late, and not at all for what it does not hold.
    if (name === 'events') throw this.#elsewhere(path, url, 'bypass');
    if (name !== 'files' && name !== 'blocks' && name !== 'uploads') return false;
    const via = this.#via(conversation);
    conversation.res.setHeader('Via', `1.1 ${this.#name}`);
    if (name === 'uploads' || (method !== 'GET' && method !== 'HEAD'))
      throw this.#elsewhere(path, url, 'method');
    try {
      if (name === 'blocks') await this.#block(conversation, desk, rest, via);
      else await this.#file(conversation, desk, rest, via);
    } catch (error) {
      if (error instanceof SourceFailure || hasCode(error, 'ERR_NO_SOURCE')) throw badGateway();
      if (hasCode(error, 'ERR_MANIFEST')) throw badGateway();
      if (hasCode(error, 'ERR_DISK_FULL')) throw this.#elsewhere(path, url, 'bypass');
      throw error;
    }
    return true;
  }

  async close(): Promise<void> {
    this.#parts.stopping.abort();
    await this.#parts.cache.close();
    await this.#parts.index.close();
    this.#parts.origin.http.close();
    await this.#parts.release();
  }

  async #file(conversation: Conversation, desk: Desk, rest: string, via: string): Promise<void> {
    const { segments, trailingSlash } = parseRequestPath(rest);
    // A listing is not cut to what a token may see, so it takes one for all that is in it.
    desk.access.check(conversation.caller, 'read', segments);
    if (trailingSlash) return this.#page(conversation, via);
    const wishes = requestDirectives(conversation.req.headers['cache-control']);
    const answer = await this.#root.open(segments, { via, wishes });
    if (answer === 'page') return this.#page(conversation, via);
    const { file, entry, outcome, checkedAtMs } = answer;
    const headers = cacheHeaders(outcome, Date.now() - checkedAtMs);
    for (const [field, value] of Object.entries(headers)) conversation.res.setHeader(field, value);
    const leave = guarded('leaving a cached file', () => file.close());
    conversation.signal.addEventListener('abort', leave);
    try {
      await desk.sendFile(segments, file, entry);
    } catch (error) {
      // Somebody changed the cache's own file: it is fetched again.
      const spoilt = hasCode(error, 'ERR_SOURCE_CHANGED') || hasCode(error, 'ERR_NOT_FOUND');
      if (!spoilt) throw error;
      await this.#parts.cache.drop(entry.cid);
      throw fileChanging();
    } finally {
      conversation.signal.removeEventListener('abort', leave);
      await file.close();
    }
  }

  async #block(conversation: Conversation, desk: Desk, rest: string, via: string): Promise<void> {
    const { access } = desk;
    access.checkAnywhere(conversation.caller, 'read');
    const cid = tryParse(rest);
    const bytes = cid && (await this.#findBlock(conversation, access, cid, via));
    const sharing = access.isPublic ? 'public' : 'private';
    await desk.sendBlock({ places: () => (bytes ? [async () => bytes] : []), sharing }, rest);
  }

  async #findBlock(
    conversation: Conversation,
    access: Access,
    cid: CID,
    via: string,
  ): Promise<Uint8Array | undefined> {
    const { cache, index, origin, stopping } = this.#parts;
    const mayReadAll = access.allows(conversation.caller, 'read', []);
    // A block lies in files: whoever may read one of them may have it.
    const mayRead = (file: string): boolean =>
      mayReadAll ||
      index
        .pathsOf(file)
        .some((path) => access.allows(conversation.caller, 'read', segmentsOf(path)));
    const here = await cache.block(cid, mayRead);
    if (!here && !mayReadAll) return undefined;
    const headers = here ? cacheHeaders({ kind: 'fresh' }, 0) : passedHeaders('uri-miss');
    for (const [field, value] of Object.entries(headers)) conversation.res.setHeader(field, value);
    if (here) return here;
    if (onlyIfCached(conversation)) throw notHere();
    try {
      return await origin.block(cid, stopping.signal, via);
    } catch (error) {
      if (error instanceof SourceFailure && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Passed on as it is: listings change with every file in them. */
  async #page(conversation: Conversation, via: string): Promise<void> {
    if (onlyIfCached(conversation)) throw notHere();
    const { origin, stopping } = this.#parts;
    const { url = '', headers } = conversation.req;
    const target = targetPath(url) + queryOf(url);
    const accept = headers.accept ?? '*/*';
    let kept: string[][] = [];
    const { text, held } = await this.#pages.make(conversation, async () => {
      const page = await attempt([stopping.signal, conversation.signal], undefined, (signal) =>
        origin.page(origin.urlOf(target), accept, via, signal),
      ).catch((error: unknown) => {
        if (!(error instanceof SourceFailure && error.final)) throw error;
        // Too large to hold in memory, an archive perhaps; or a refusal, which it tells itself.
        throw this.#elsewhere(targetPath(url), url, 'bypass');
      });
      kept = PAGE_FIELDS.flatMap((field) => {
        const value = page.headers.get(field);
        return value === undefined ? [] : [[field, value]];
      });
      return page.bytes;
    });
    const { req, res } = conversation;
    try {
      res.writeHead(
        200,
        withVary(res, {
          ...Object.fromEntries(kept),
          ...passedHeaders('uri-miss'),
          'Content-Length': text.length,
        }),
      );
      if (req.method !== 'HEAD') await held.send({ conversation, link: origin.link }, text);
      res.end();
    } finally {
      held.release();
    }
  }

  /** What the origin gets to see. @throws HttpFailure 508 */
  #via({ req }: Conversation): string {
    const hops = (req.headers.via ?? '').split(',').map((hop) => hop.trim());
    const edges = hops.filter((hop) => hop.includes('hubswarm-edge'));
    if (edges.some((hop) => hop.includes(this.#name)) || edges.length >= MAX_HOPS) {
      throw new HttpFailure(508, 'the caches ask one another in a circle; --cache must name a hub');
    }
    return [...hops.filter((hop) => hop !== ''), `1.1 ${this.#name}`].join(', ');
  }

  #elsewhere(path: string, url: string, reason: 'bypass' | 'method'): HttpFailure {
    const location = showUrl(this.#parts.origin.urlOf(path + queryOf(url)));
    return new HttpFailure(307, `ask the origin: ${location}`, {
      Location: location,
      ...passedHeaders(reason),
    });
  }
}

const onlyIfCached = ({ req }: Conversation): boolean =>
  requestDirectives(req.headers['cache-control']).onlyIfCached;

const segmentsOf = (path: string): readonly string[] =>
  parseRequestPath(routeOf(path)?.rest ?? '').segments;

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}

function tryParse(rest: string): CID | undefined {
  const cid = decodeCid(rest.replace(/\/$/, ''));
  return cid && isSupportedCid(cid) ? cid : undefined;
}

function badGateway(): HttpFailure {
  return new HttpFailure(502, 'the origin cannot be reached, or sent what it should not', {
    'Retry-After': '1',
  });
}
